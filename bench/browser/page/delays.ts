import type { Relay } from "eddy-hls";
import { type Delay, HELD_MESSAGE, SCOPE } from "../contract.ts";
import { medianRatio, percentile } from "./figures.ts";
import { PART_MS, STREAM, videoInit, videoPart } from "./fill.ts";

const SIZE_BYTES = 65_536;
/** The worker has nothing left to do by then but to hold. */
const SETTLE_MS = 4;
const ROUNDS = 10;

/**
 * Message to playlist: from `publisher.part()` to the last byte of the playlist that was blocked on it. Beside it what such a
 * way takes at least, a message of the same bytes that releases a request the bare worker holds.
 */
export async function measureDelays(relay: Relay, reloads: number): Promise<readonly Delay[]> {
  const publisher = await relay.publish("reload", { ...STREAM, renditions: [{ id: "main", bandwidth: 1_000_000 }] });
  await publisher.init("main", videoInit());
  let next = 0;
  const part = () => publisher.part("main", { bytes: videoPart(next, SIZE_BYTES), durationMs: PART_MS });
  let last = await part();
  // The first playlist is held until a segment has closed.
  while (last.msn < 3) {
    next += 1;
    last = await part();
  }
  const folder = `${relay.base}reload/main/`;
  const toPlaylist: number[][] = [];
  const toAcknowledged: number[][] = [];
  const toHeld: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [playlist, acknowledged, floor]: number[][] = [[], [], []];
    for (let i = 0; i < reloads / ROUNDS; i++) {
      next += 1;
      const bytes = videoPart(next, SIZE_BYTES);
      const blocked = await hold(`${folder}media.m3u8?_HLS_msn=${last.msn}&_HLS_part=${last.part + 1}`);
      const startMs = performance.now();
      const stored = publisher.part("main", { bytes, durationMs: PART_MS }).then((position) => {
        acknowledged?.push(performance.now() - startMs);
        return position;
      });
      const text = await blocked.text;
      playlist?.push(performance.now() - startMs);
      last = await stored;
      if (!text.includes(`part-${next}.mp4",`) && !text.includes(`part-${next}.mp4"\n`)) {
        throw new Error(`expected a playlist with part ${next}, got:\n${text}`);
      }
      floor?.push(await heldMs());
    }
    toPlaylist.push(playlist ?? []);
    toAcknowledged.push(acknowledged ?? []);
    toHeld.push(floor ?? []);
  }
  await publisher.end();
  const floors = toHeld.map((values) => percentile(values, 0.5));
  return [
    ["bare worker: message to held request", toHeld],
    ["part() to blocked playlist", toPlaylist],
    ["part() to acknowledgement", toAcknowledged],
  ].map(([name, rounds]) => delay(name as string, rounds as number[][], floors));
}

async function heldMs(): Promise<number> {
  const blocked = await hold(`${SCOPE}held`);
  const bytes = new Uint8Array(SIZE_BYTES).fill(1);
  const startMs = performance.now();
  navigator.serviceWorker.controller?.postMessage(bytes, [bytes.buffer]);
  await blocked.text;
  return performance.now() - startMs;
}

/** Asks for what the worker will hold, and waits until it does. */
async function hold(url: string): Promise<{ readonly text: Promise<string> }> {
  const held = new Promise<void>((resolve) => {
    const listen = ({ data }: MessageEvent): void => {
      if (data !== HELD_MESSAGE) return;
      navigator.serviceWorker.removeEventListener("message", listen);
      setTimeout(resolve, SETTLE_MS);
    };
    navigator.serviceWorker.addEventListener("message", listen);
  });
  const text = fetch(url, { cache: "no-store" }).then((response) => response.text());
  await held;
  return { text };
}

function delay(name: string, rounds: readonly (readonly number[])[], floors: readonly number[]): Delay {
  const all = rounds.flat();
  return {
    name,
    count: all.length,
    p50Ms: percentile(all, 0.5),
    p99Ms: percentile(all, 0.99),
    ratio: medianRatio(
      rounds.map((values) => percentile(values, 0.5)),
      floors,
    ),
  };
}
