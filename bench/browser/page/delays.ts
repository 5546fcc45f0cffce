import type { Publisher, Relay } from "eddy-hls";
import { type Delay, HELD_MESSAGE, SCOPE } from "../contract.ts";
import { medianRatio, percentile } from "./figures.ts";
import { PART_MS, STREAM, videoInit, videoPart } from "./fill.ts";

const SIZES_BYTES = [65_536, 1_048_576];
/** The worker has nothing left to do by then but to hold. */
const SETTLE_MS = 4;
const ROUNDS = 10;

type Position = Awaited<ReturnType<Publisher["part"]>>;

/** Milliseconds by round, of one way. */
type ByRound = readonly (readonly number[])[];

/**
 * From a message to what follows from it. The floor is a message that releases a request which the bare worker holds; beside it
 * the same with a copy of the bytes that is transferred, and a part until the playlist that was blocked on it is there.
 */
export async function measureDelays(relay: Relay, reloads: number): Promise<readonly Delay[]> {
  const count = Math.ceil(reloads / ROUNDS);
  const parts = await Parts.publish(relay);
  const delays: Delay[] = [];
  for (const sizeBytes of SIZES_BYTES) {
    const bytes = new Uint8Array(sizeBytes).fill(1);
    const cloned: number[][] = [];
    const transferred: number[][] = [];
    const toPlaylist: number[][] = [];
    const toAcknowledged: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const each: { clone: number; transfer: number; playlist: number; acknowledged: number }[] = [];
      for (let i = 0; i < count; i++) {
        each.push({
          clone: await releasedMs((worker) => worker.postMessage(bytes)),
          transfer: await releasedMs((worker) => {
            const copy = bytes.slice();
            worker.postMessage(copy, [copy.buffer]);
          }),
          ...(await parts.next(sizeBytes)),
        });
      }
      cloned.push(each.map(({ clone }) => clone));
      transferred.push(each.map(({ transfer }) => transfer));
      toPlaylist.push(each.map(({ playlist }) => playlist));
      toAcknowledged.push(each.map(({ acknowledged }) => acknowledged));
    }
    const floors = cloned.map((values) => percentile(values, 0.5));
    const named: readonly (readonly [string, ByRound])[] = [
      ["floor: a message releases a held request", cloned],
      ["the same, a copy transferred", transferred],
      ["part() to the blocked playlist", toPlaylist],
      ["part() to its acknowledgement", toAcknowledged],
    ];
    delays.push(...named.map(([name, rounds]) => delay({ name, sizeBytes, rounds, floors })));
  }
  await parts.end();
  return delays;
}

/** A stream whose parts are published one at a time, each with a request that waits for it. */
class Parts {
  readonly #publisher: Publisher;
  readonly #playlist: string;
  #last: Position = { msn: 0, part: 0 };
  #count = 0;

  private constructor(publisher: Publisher, playlist: string) {
    this.#publisher = publisher;
    this.#playlist = playlist;
  }

  static async publish(relay: Relay): Promise<Parts> {
    const publisher = await relay.publish("reload", { ...STREAM, renditions: [{ id: "main", bandwidth: 1_000_000 }] });
    await publisher.init("main", videoInit());
    const parts = new Parts(publisher, `${relay.base}reload/main/media.m3u8`);
    // The first playlist is held until a segment has closed.
    while (parts.#last.msn < 3) parts.#last = await parts.#part(parts.#make(1_024));
    return parts;
  }

  async next(sizeBytes: number): Promise<{ playlist: number; acknowledged: number }> {
    const { msn, part } = this.#last;
    const uri = `part-${this.#count}.mp4"`;
    const bytes = this.#make(sizeBytes);
    const blocked = await hold(`${this.#playlist}?_HLS_msn=${msn}&_HLS_part=${part + 1}`);
    const startMs = performance.now();
    const stored = this.#part(bytes).then((position) => ({ position, acknowledged: performance.now() - startMs }));
    const text = await blocked.text;
    const playlist = performance.now() - startMs;
    const { position, acknowledged } = await stored;
    this.#last = position;
    // Listed as a part, not as the hint of one.
    if (!text.split("\n").some((line) => line.startsWith("#EXT-X-PART:") && line.includes(uri))) {
      throw new Error(`expected a playlist with ${uri}, got:\n${text}`);
    }
    return { playlist, acknowledged };
  }

  async end(): Promise<void> {
    await this.#publisher.end();
  }

  #make(sizeBytes: number): ReturnType<typeof videoPart> {
    this.#count += 1;
    return videoPart(this.#count - 1, sizeBytes);
  }

  #part(bytes: ReturnType<typeof videoPart>): Promise<Position> {
    return this.#publisher.part("main", { bytes, durationMs: PART_MS });
  }
}

async function releasedMs(post: (worker: ServiceWorker) => void): Promise<number> {
  const { controller } = navigator.serviceWorker;
  if (controller === null) throw new Error("expected a page that a worker controls");
  const blocked = await hold(`${SCOPE}held`);
  const startMs = performance.now();
  post(controller);
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

function delay(measured: { name: string; sizeBytes: number; rounds: ByRound; floors: readonly number[] }): Delay {
  const { name, sizeBytes, rounds, floors } = measured;
  const all = rounds.flat();
  const medians = rounds.map((values) => percentile(values, 0.5));
  return {
    name,
    sizeBytes,
    count: all.length,
    p50Ms: percentile(all, 0.5),
    p99Ms: percentile(all, 0.99),
    ratio: medianRatio(medians, floors),
  };
}
