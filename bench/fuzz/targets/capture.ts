import { testAudioTrack, testVideoTrack } from "../../../src/capture/capture.test-support.ts";
import { CaptureDesk } from "../../../src/capture/capture-desk.ts";
import { CaptureSession } from "../../../src/capture/capture-session.ts";
import { CAPTURE_PROTOCOL, type CaptureStats, type FromCaptureWorker } from "../../../src/capture/messages.ts";
import { readFromCapture } from "../../../src/capture/read-from-capture.ts";
import { readToCapture } from "../../../src/capture/read-to-capture.ts";
import type { OpenSource, RunningSource } from "../../../src/capture/source.ts";
import type { Bytes } from "../../../src/model/bytes.ts";
import { RelayError } from "../../../src/model/errors.ts";
import { WorkerCapture } from "../../../src/page/worker-capture.ts";
import { JumpClock } from "../jump-clock.ts";
import { seedsOf, valueFrom } from "../structure.ts";
import { expectDense, expectEqual, expectFinite, type Target } from "../target.ts";

/** Stand for what a message hands over, and bytes cannot be made of. */
const STREAM = "a stream of frames";
const FILE = "a file";
const EMPTY = new Blob([]);

const OPTIONS = {
  partTargetMs: 334,
  targetDurationMs: 2_000,
  renditions: [{ height: 180, frameRate: 30 }],
  audio: true,
};
const OPEN = { type: "open", protocol: CAPTURE_PROTOCOL, options: OPTIONS };
const SOURCES = [
  { kind: "pattern", width: 320, height: 180, frameRate: 30 },
  { kind: "stream", video: STREAM, audio: STREAM, frameRate: 30, name: "camera" },
  {
    kind: "files",
    files: [
      { file: FILE, name: "a.mp4" },
      { file: FILE, name: "b.mp4" },
    ],
    loop: true,
  },
];
const ASKS = [
  { kind: "mute", muted: true },
  { kind: "pause", paused: true, text: "Paused" },
  { kind: "switch", source: SOURCES[0] },
  { kind: "next" },
];
const TO_WORKER: readonly unknown[] = [
  ...SOURCES.map((source) => ({ ...OPEN, source })),
  { type: "start" },
  { type: "ack", rendition: "main" },
  ...ASKS.map((ask, id) => ({ type: "ask", id, ask })),
  { type: "measure", protocol: CAPTURE_PROTOCOL, ask: { width: 1280, height: 720, frameRate: 30 } },
  { type: "stop" },
];

const bytes = new Uint8Array(16);
const READY = {
  type: "ready",
  renditions: [
    { id: "main", codecs: "avc1.42c01e,opus", bandwidth: 1e6, width: 320, height: 180, frameRate: 30, init: bytes },
  ],
  partTargetMs: 334,
  targetDurationMs: 2_000,
};
const ENCODED = { id: "main", framesPerSecond: 30, droppedFrames: 0, queuedFrames: 1, load: 0.2 };
const { id: _, ...COUNTS } = ENCODED;
const STATS = {
  ...COUNTS,
  renditions: [ENCODED],
  levels: [{ peakDb: -3, rmsDb: -20 }],
  muted: false,
  paused: false,
  playing: { index: 0, count: 2, name: "a.mp4" },
  driftMs: -2,
  parts: 4,
  bytes: 4_000,
  waitingParts: 0,
  lostParts: 0,
};
const PART = {
  rendition: "main",
  bytes,
  durationMs: 334,
  independent: true,
  programDateTimeMs: 1.7e12,
  missingMs: 20,
  more: true,
};
const FROM_WORKER: readonly unknown[] = [
  READY,
  { type: "part", part: PART },
  { type: "init", rendition: "main", init: bytes },
  { type: "warning", code: "source-lost", message: "gone" },
  { type: "stats", stats: STATS },
  { type: "levels", levels: [{ peakDb: -3, rmsDb: -20 }] },
  { type: "answer", id: 0 },
  { type: "answer", id: 1, error: { code: "conflict", message: "no" } },
  {
    type: "measured",
    measures: [{ width: 1280, height: 720, frameRate: 30, codec: "avc1.42c01f", load: 0.4, realtime: true }],
  },
  { type: "error", code: "encoder-failed", message: "broken" },
  { type: "ended" },
];

/** What was handed over, in the place of what stands for it. */
function handedOver(value: unknown): unknown {
  if (value === STREAM) return new ReadableStream();
  if (value === FILE) return EMPTY;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return Array.isArray(value) ? value.map(handedOver) : value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, handedOver(field)]));
}

/** At most so many messages of one input; each is made of so many bytes. */
const MAX_MESSAGES = 12;
const MESSAGE_BYTES = 8;

function messagesFrom(input: Bytes, samples: readonly unknown[]): readonly unknown[] {
  const found: unknown[] = [];
  for (let at = 0; at < input.byteLength && found.length < MAX_MESSAGES; at += MESSAGE_BYTES)
    found.push(handedOver(valueFrom(input.subarray(at, at + MESSAGE_BYTES), samples)));
  return found;
}

/** Samples as they are, one after the other. */
function conversation(...indices: readonly number[]): Bytes {
  const input = new Uint8Array(indices.length * MESSAGE_BYTES);
  for (const [turn, index] of indices.entries()) {
    // The rest changes a place that is not there, in nothing that matters.
    input.fill(255, turn * MESSAGE_BYTES, (turn + 1) * MESSAGE_BYTES);
    input[turn * MESSAGE_BYTES] = index;
  }
  return input.subarray(0, Math.max(0, input.byteLength - MESSAGE_BYTES + 1));
}

const kindsOf = (messages: readonly FromCaptureWorker[]): string =>
  [...new Set(messages.map((one) => ("code" in one ? `${one.type} ${one.code}` : one.type)))].join();

/** Two seconds of packets, all at once, and then it waits to be stopped. */
function testSource(): OpenSource {
  return {
    tracks: [testVideoTrack, testAudioTrack],
    partTargetMs: 334,
    targetDurationMs: 2_000,
    start(sink): RunningSource {
      let stop = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        stop = resolve;
      });
      for (let frame = 0; frame < 60; frame++) {
        const timestampUs = Math.round((frame * 1e6) / 30);
        sink.packet({ kind: "audio", bytes: new Uint8Array(3), timestampUs, durationUs: 33_333, key: true });
        sink.packet({
          kind: "video",
          bytes: new Uint8Array([frame]),
          timestampUs,
          durationUs: 33_333,
          key: frame % 30 === 0,
        });
      }
      return { ended, stop };
    },
  };
}

/** The worker's side of a capture, over a source without encoders: whatever the page says, what it is told can be read, and there is an end. */
async function runDesk(input: Bytes): Promise<string> {
  const clock = new JumpClock();
  const told: FromCaptureWorker[] = [];
  let over = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const post = (message: FromCaptureWorker): void => {
    told.push(readFromCapture(message));
    if (message.type === "ended") over();
  };
  const desk = new CaptureDesk({
    post,
    open: () => CaptureSession.open({ source: testSource(), post, clock }),
    measure: async () => [],
  });
  try {
    const messages = messagesFrom(input, TO_WORKER);
    await Promise.all(messages.map((message) => desk.take(message)));
    const asked = messages.filter((one) => isAsk(one)).length;
    const answered = told.filter(({ type }) => type === "answer").length;
    if (asked !== answered) throw new Error(`${asked} were asked, and ${answered} answered`);
    await desk.take({ type: "stop" });
    if (told.some(({ type }) => type === "ready")) await ended;
    return kindsOf(told);
  } finally {
    clock.stop();
  }
}

function isAsk(message: unknown): boolean {
  const { type, id } = Object(message) as { readonly type?: unknown; readonly id?: unknown };
  return type === "ask" && Number.isSafeInteger(id) && Number(id) >= 0;
}

/** The page's side: whatever the worker says, the page has numbers, and every promise an end. */
async function runCapture(input: Bytes): Promise<string> {
  const worker = { onmessage: null, onerror: null, postMessage: () => undefined, terminate: () => undefined };
  const ready = readFromCapture(READY) as Extract<FromCaptureWorker, { type: "ready" }>;
  const capture = new WorkerCapture(worker as unknown as Worker, {
    ready,
    input: { request: { kind: "pattern" }, transfer: [], release: () => undefined },
    audio: true,
  });
  const seen = new Set<string>();
  for (const type of ["warning", "error", "stats", "levels"] as const)
    capture.addEventListener(type, ({ detail }) => seen.add("code" in detail ? `${type} ${detail.code}` : type));
  capture.start({
    part: ({ durationMs }) => {
      seen.add(`part ${durationMs >= 0}`);
      return Promise.resolve();
    },
    init: () => Promise.reject(new RelayError("malformed-init", "no")),
  });
  const asked = [capture.setMuted(true), capture.next()].map((one) => one.then(() => "done").catch(codeOf));
  const say = (data: unknown): void => (worker as unknown as Worker).onmessage?.({ data } as MessageEvent);
  for (const message of messagesFrom(input, FROM_WORKER)) say(message);
  const { stats } = capture;
  expectFinite("stats", stats);
  expectEqual(
    "stats",
    Object.keys({ ...stats, playing: 0 }).sort(),
    Object.keys({ ...STATS } satisfies CaptureStats).sort(),
  );
  say({ type: "ended" });
  const outcome = await capture.ended.then(() => "ended").catch(codeOf);
  return `${outcome}, ${(await Promise.all(asked)).join()}, ${[...seen].sort().join()}`;
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof RelayError) return thrown.code;
  throw thrown;
}

/** What a page and its capture worker say to each other. */
export const CAPTURE_TARGETS: readonly Target[] = [
  {
    name: "readToCapture (page to capture worker)",
    seeds: seedsOf(TO_WORKER),
    refuses: ["malformed-message", "version-mismatch", "invalid-option"],
    run(input) {
      const message = readToCapture(handedOver(valueFrom(input, TO_WORKER)));
      expectDense(message.type, message);
      expectFinite(message.type, message);
      expectEqual("again", readToCapture(message), message);
      if (message.type === "open") return `open ${message.source.kind} of ${message.options.renditions.length}`;
      return message.type === "ask" ? `ask ${message.ask.kind}` : message.type;
    },
  },
  {
    name: "readFromCapture (capture worker to page)",
    seeds: seedsOf(FROM_WORKER),
    refuses: ["malformed-message", "invalid-name"],
    run(input) {
      const message = readFromCapture(valueFrom(input, FROM_WORKER));
      expectDense(message.type, message);
      // Of a size that nothing encodes, the load is infinite; of a rendition, what it says of itself is checked by who publishes it.
      if (message.type !== "measured" && message.type !== "ready") expectFinite(message.type, message);
      expectEqual("again", readFromCapture(message), message);
      return `${message.type} ${Object.keys("stats" in message ? message.stats : message).length}`;
    },
  },
  {
    name: "a capture worker, of what its page says",
    seeds: [
      conversation(0, 3, 4, 4, 4, 5, 10),
      conversation(1, 3, 6, 7, 8),
      conversation(9),
      conversation(2, 10, 3),
      conversation(3, 5),
    ],
    refuses: [],
    isWhole: true,
    run: runDesk,
  },
  {
    name: "a page, of what its capture worker says",
    seeds: [conversation(1, 2, 4, 5, 6, 7, 10), conversation(3, 9, 1), conversation(4, 4, 0), conversation(8)],
    refuses: [],
    isWhole: true,
    run: runCapture,
  },
];
