import { type Capture, openRelay, type Publisher, type Relay, startCapture } from "eddy-hls";
import Hls from "hls.js";
import { decodeClock } from "../../src/capture/pattern-clock.ts";
import { shiftPart, timescaleOf } from "./shift-part.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Part = Parameters<Parameters<Capture["start"]>[0]["part"]>[0];

/** A piece of the pattern, from one key frame to another: it can be played again and again behind itself. */
export interface Clip {
  readonly init: Bytes;
  readonly rendition: Omit<Capture["rendition"], "init">;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly parts: readonly Part[];
  readonly durationMs: number;
}

interface RecordOptions {
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly videoBitrate?: number;
  readonly partTargetMs?: number;
  readonly targetDurationMs?: number;
}

/** Takes down `segments` segments of the pattern's pictures, in real time. */
async function record(segments: number, options: RecordOptions = {}): Promise<Clip> {
  const { width = 640, height = 360, frameRate = 30, ...rest } = options;
  const source = { kind: "pattern", width, height, frameRate } as const;
  const capture = await startCapture({ source, audio: false, ...rest });
  const parts: Part[] = [];
  let keyFrames = 0;
  await new Promise<void>((resolve) => {
    capture.start({
      async part(part) {
        if (part.independent) keyFrames += 1;
        if (keyFrames > 0 && keyFrames <= segments) parts.push(part);
        if (keyFrames > segments) resolve();
      },
    });
  });
  await capture.stop();
  const { init, ...rendition } = capture.rendition;
  return {
    init,
    rendition,
    partTargetMs: capture.partTargetMs,
    targetDurationMs: capture.targetDurationMs,
    parts,
    durationMs: parts.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
}

/** Opens a stream for a clip, with its init segment. */
async function publishClip(relay: Relay, name: string, clip: Omit<Clip, "parts" | "durationMs">): Promise<Publisher> {
  const { rendition, partTargetMs, targetDurationMs } = clip;
  const publisher = await relay.publish(name, {
    renditions: [rendition],
    partTargetMs,
    targetDurationMs,
    segmentMinMs: 0,
  });
  await publisher.init(rendition.id, clip.init);
  return publisher;
}

/**
 * The parts of a clip played for the `round`th time, later by so many of its lengths; each preceded by a box of `padBytes` bytes that
 * no player looks at.
 */
function* partsOf(clip: Clip, round: number, padBytes = 0): Generator<Part> {
  const timescale = timescaleOf(clip.init);
  const laterMs = round * clip.durationMs;
  for (const part of clip.parts) {
    const shifted = shiftPart(part.bytes, Math.round((laterMs * timescale) / 1000));
    yield {
      ...part,
      bytes: padBytes === 0 ? shifted : padded(shifted, padBytes),
      programDateTimeMs: part.programDateTimeMs + laterMs,
    };
  }
}

/** Noise, so that no disk makes it smaller than it is. */
function padded(part: Bytes, padBytes: number): Bytes {
  const bytes = new Uint8Array(padBytes + part.byteLength);
  for (let at = 8; at < padBytes; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(padBytes, at + 65_536)));
  }
  new DataView(bytes.buffer).setUint32(0, padBytes);
  bytes.set(new TextEncoder().encode("free"), 4);
  bytes.set(part, padBytes);
  return bytes;
}

/** What this page published by `publishRounds`, in order. */
const sent: Bytes[] = [];

interface Rounds {
  readonly from: number;
  readonly to: number;
  /** Parts that may be on their way at once. Default 1. */
  readonly atOnce?: number;
  /** All dates are earlier by this. Default 0. */
  readonly earlierMs?: number;
  /** What each part is made larger by. Default 0. */
  readonly padBytes?: number;
  /** From one part to the next, at least. Default 0. */
  readonly everyMs?: number;
}

/**
 * Plays a clip into a stream, `from` one round up to another, as fast as the worker takes it. Resolves when it has all of it, with what
 * each part waited for that, in ms.
 */
async function publishRounds(publisher: Publisher, clip: Clip, rounds: Rounds): Promise<readonly number[]> {
  const { from, to, atOnce = 1, earlierMs = 0, padBytes = 0, everyMs = 0 } = rounds;
  const waiting = new Set<Promise<unknown>>();
  const waitsMs: number[] = [];
  for (let round = from; round < to; round++) {
    for (const part of partsOf(clip, round, padBytes)) {
      if (earlierMs === 0 && padBytes === 0) sent.push(part.bytes);
      const startMs = performance.now();
      const taken = publisher
        .part("main", { ...part, programDateTimeMs: part.programDateTimeMs - earlierMs })
        .then(() => {
          waitsMs.push(performance.now() - startMs);
          waiting.delete(taken);
        });
      waiting.add(taken);
      if (waiting.size >= atOnce) await Promise.race(waiting);
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, startMs + everyMs - performance.now()));
    }
  }
  await Promise.all(waiting);
  return waitsMs;
}

/** Publishes the pattern live, each part made larger by `padBytes`. */
async function publishPadded(relay: Relay, name: string, padBytes: number): Promise<{ stop(): Promise<void> }> {
  const capture = await startCapture({ source: { kind: "pattern" }, audio: false });
  const publisher = await publishClip(relay, name, capture);
  capture.start({ part: (part) => publisher.part("main", { ...part, bytes: padded(part.bytes, padBytes) }) });
  return {
    async stop() {
      await capture.stop();
      await publisher.end();
    },
  };
}

/** Of the picture that is shown: what its own clock says, and how the playlist dates it. */
function clock(): { shownMs: number | undefined; datedMs: number } {
  const [width, height] = [640, 360];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context?.drawImage(video(), 0, 0, width, height);
  const pixels = context?.getImageData(0, 0, width, height);
  return {
    shownMs: pixels === undefined ? undefined : decodeClock(pixels),
    datedMs: window.hls?.playingDate?.getTime() ?? 0,
  };
}

function video(): HTMLVideoElement {
  const found = document.querySelector("video");
  if (found === null) throw new Error("the page has no video element");
  return found;
}

const errors: string[] = [];

/** Opens a playlist in hls.js; resolves, with the time that took, once a picture is shown. */
async function play(url: string, startPosition = -1): Promise<number> {
  const startMs = performance.now();
  const hls = new Hls({ startPosition });
  window.hls = hls;
  hls.on(Hls.Events.ERROR, (_, { fatal, details, error }) => {
    if (fatal) errors.push(`${details}: ${error.message}`);
  });
  hls.loadSource(url);
  hls.attachMedia(video());
  await framePresented(30_000);
  return performance.now() - startMs;
}

/** Seeks to seconds from the start of the window; resolves, with the time that took, once that picture is shown. */
async function seek(positionS: number): Promise<number> {
  const element = video();
  const start = element.seekable.length > 0 ? element.seekable.start(0) : 0;
  const startMs = performance.now();
  element.pause();
  const shown = framePresented(30_000);
  element.currentTime = start + positionS;
  await new Promise((resolve) => element.addEventListener("seeked", resolve, { once: true }));
  await shown;
  return performance.now() - startMs;
}

function framePresented(deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`no picture in ${deadlineMs} ms: ${errors.join("; ")}`)),
      deadlineMs,
    );
    video().requestVideoFrameCallback(() => {
      clearTimeout(late);
      resolve();
    });
  });
}

declare global {
  interface Window {
    kit: typeof kit;
    hls?: Hls;
    /** What a test keeps in its page from one call to the next. */
    clip?: Clip;
    publisher?: Publisher;
    relay?: Relay;
    padded?: { stop(): Promise<void> };
  }
}

const kit = { openRelay, record, publishClip, publishRounds, publishPadded, sent, play, seek, clock, errors };
window.kit = kit;
