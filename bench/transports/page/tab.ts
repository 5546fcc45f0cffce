import {
  moq,
  type OriginSource,
  openRelay,
  origin,
  type Peers,
  type Publisher,
  peers,
  type RelaySource,
  startCapture,
  webtransport,
} from "eddy-hls";
import type { PeerLink } from "../../../src/swarm/swarm-types.ts";
import { type Clip, endless, nowMs, OPTIONS, type Seen, type Sending, STREAM, sendParts } from "../parts.ts";

/** How a stream gets from one tab to the other. */
export type Carriage =
  | { readonly kind: "moq"; readonly url: string }
  | { readonly kind: "webtransport"; readonly url: string; readonly certificate: string }
  | { readonly kind: "peers"; readonly signal: string }
  | { readonly kind: "origin"; readonly url: string };

async function recordClip(): Promise<Clip> {
  const source = { kind: "pattern", width: 640, height: 360, frameRate: 30 } as const;
  const capture = await startCapture({ source, audio: false, partTargetMs: 333 });
  const parts: Clip["parts"][number][] = [];
  let keyFrames = 0;
  await new Promise<void>((resolve) => {
    capture.start({
      async part({ bytes, durationMs, independent }) {
        if (independent) keyFrames += 1;
        if (keyFrames === 1) parts.push({ bytes, durationMs, independent });
        if (keyFrames > 1) resolve();
      },
    });
  });
  await capture.stop();
  const { init, ...rendition } = capture.rendition;
  return { init, rendition: rendition as Clip["rendition"], parts };
}

/** A piece of a part, as peers send it. */
const PIECE = {
  kind: "piece",
  key: { rendition: 0, msn: 0, part: 0 },
  index: 0,
  bytes: new Uint8Array(16_384),
} as const;
/** What a channel may hold back; more than that is lost time, since it is copied. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

let publisher: Publisher | undefined;
let clip: Clip | undefined;
const at = { number: 0 };
const clock = { dateMs: 0 };
const answers: Seen[] = [];
const known = new Set<number>();
let link: PeerLink | undefined;
let [pieces, lastPieceAtMs] = [0, 0];

const bench = {
  record: recordClip,

  /** Opens the stream; returns its fingerprint. */
  async publish(recorded: Clip, to: Carriage): Promise<string | undefined> {
    const relay = await openRelay({ worker: "/sw.js", base: "/live/" });
    clip = recorded;
    const renditions = [{ ...recorded.rendition, id: "main" }];
    publisher = await relay.publish(STREAM, { renditions, ...OPTIONS }, await sourceOf(to, "send"));
    await publisher.init("main", recorded.init);
    clock.dateMs = Date.now();
    return publisher.fingerprint;
  },

  async send(sending: Sending): Promise<Seen[]> {
    if (clip === undefined) throw new Error("expected publish() first");
    return sendParts(endless(clip, at, sending.sizeBytes), sending, clock, (part) => publisher?.part("main", part));
  },

  /** Joins the stream, and from then on asks for the next part as a player does: one request that is blocked until it is there. */
  async watch(from: Carriage, fingerprint: string | undefined): Promise<void> {
    const relay = await openRelay({ worker: "/sw.js", base: "/live/" });
    const trust = fingerprint === undefined ? {} : { fingerprint };
    await relay.join(STREAM, { ...(await sourceOf(from, "receive")), ...trust });
    void follow(relay.url(STREAM));
  },

  /** Joins a room of two without a swarm, which would keep within what it knows of the uplink. */
  async openLink(signal: string): Promise<void> {
    const { peers: source } = await sourceOf({ kind: "peers", signal }, "send");
    const transport = await source?.open("bench", () => undefined);
    transport?.start({
      maxNeighbours: 1,
      idleNeighbours: 0,
      alone: () => undefined,
      connect: (opened) => {
        link = opened;
        return {
          received: ({ kind }) => {
            if (kind !== "piece") return;
            pieces += 1;
            lastPieceAtMs = nowMs();
          },
          malformed: () => undefined,
          closed: () => undefined,
        };
      },
    });
  },

  isLinked: (): boolean => link !== undefined,

  /** Sends so many pieces over the bare channel, as fast as it takes them; returns when the first went. */
  async sendPieces(count: number): Promise<number> {
    const atMs = nowMs();
    for (let sent = 0; sent < count; sent += 1) {
      while ((link?.bufferedBytes ?? 0) > MAX_BUFFERED_BYTES) await new Promise((resolve) => setTimeout(resolve, 1));
      link?.send(PIECE);
    }
    return atMs;
  },

  /** How many have come, and when the last one did. */
  pieces: () => ({ count: pieces, lastAtMs: lastPieceAtMs }),

  /** When each part was answered since the last call. */
  answered: (): Seen[] => answers.splice(0),
};

async function sourceOf(
  carriage: Carriage,
  direction: "send" | "receive",
): Promise<{ relay?: RelaySource; peers?: Peers; origin?: OriginSource }> {
  switch (carriage.kind) {
    case "moq":
      return { relay: moq({ url: carriage.url }) };
    case "webtransport":
      return { relay: webtransport({ url: carriage.url, certificateHashes: [carriage.certificate] }) };
    case "peers": {
      const signalling = { kind: "relay", urls: [carriage.signal] } as const;
      return { peers: peers({ signalling, iceServers: [], upload: { consent: direction === "send" } }) };
    }
    case "origin":
      return { origin: origin(carriage.url) };
  }
}

async function follow(multivariantUrl: string): Promise<void> {
  const url = await mediaUrl(multivariantUrl);
  let directive = "";
  for (;;) {
    const response = await fetch(url + directive, { cache: "no-store" });
    const answeredAtMs = nowMs();
    if (!response.ok) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      directive = "";
      continue;
    }
    const { dates, msn, part } = readParts(await response.text());
    for (const dateMs of dates) {
      if (known.has(dateMs)) continue;
      known.add(dateMs);
      answers.push([dateMs, answeredAtMs]);
    }
    directive = `?_HLS_msn=${msn}&_HLS_part=${part}`;
  }
}

async function mediaUrl(multivariantUrl: string): Promise<string> {
  for (;;) {
    const response = await fetch(multivariantUrl);
    const line =
      response.ok && (await response.text()).split("\n").find((text) => text !== "" && !text.startsWith("#"));
    if (line) return new URL(line, new URL(multivariantUrl, location.href)).href;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The date of each part that a Media Playlist lists, and which comes next. */
function readParts(playlist: string): { dates: number[]; msn: number; part: number } {
  const dates: number[] = [];
  let [msn, part, dateMs] = [0, 0, 0];
  for (const line of playlist.split("\n")) {
    if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) msn = Number(line.split(":")[1]);
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) dateMs = Date.parse(line.slice(25));
    else if (line.startsWith("#EXT-X-PART:")) {
      if (!line.includes("GAP=YES")) dates.push(Math.round(dateMs));
      dateMs += Number(/DURATION=([\d.]+)/.exec(line)?.[1]) * 1000;
      part += 1;
    } else if (line.startsWith("#EXTINF:")) {
      msn += 1;
      part = 0;
    }
  }
  return { dates, msn, part };
}

export type Bench = typeof bench;
declare global {
  interface Window {
    bench?: Bench;
  }
}
window.bench = bench;
