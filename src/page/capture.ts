import {
  CAPTURE_PROTOCOL,
  type CapturedPart,
  type CaptureStats,
  type FromCaptureWorker,
  type ToCaptureWorker,
} from "../capture/messages.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import { type CaptureInput, type CaptureSource, openInput } from "./capture-input.ts";

export type { CapturedPart, CaptureStats } from "../capture/messages.ts";
export type { CaptureSource } from "./capture-input.ts";

export interface CaptureOptions {
  readonly source: CaptureSource;
  /** No part lasts longer; raised to a whole number of frames. Default 333. */
  readonly partTargetMs?: number;
  /** A key frame comes this often, and opens a segment. Default 2000. */
  readonly targetDurationMs?: number;
  /** Bits per second. Default: by size and frame rate. */
  readonly videoBitrate?: number;
  /** False leaves the sound out. Default true. */
  readonly audio?: boolean;
  /** Aborts opening; a capture that is open is stopped by `stop()`. */
  readonly signal?: AbortSignal;
}

/** Who takes what is captured. */
export interface CaptureSink {
  /**
   * Takes one part; the bytes belong to the sink. A few parts are given at once, in order; while none of their promises resolves
   * the capture keeps the newest ones and lets the oldest go.
   */
  part(part: CapturedPart): Promise<unknown>;
  /** The parts that follow need another init segment: an encoder was started again with another configuration. */
  init?(bytes: Bytes): Promise<unknown>;
}

export interface CaptureNotice {
  readonly code: RelayErrorCode;
  readonly message: string;
}

/** Details of the events. */
export interface CaptureEvents {
  /** Something happened, and the capture goes on: `source-lost`, `encoder-failed` (started again), a part that was refused. */
  readonly warning: CaptureNotice;
  /** The capture ended because of it. */
  readonly error: CaptureNotice;
  /** Once a second. */
  readonly stats: CaptureStats;
}

/** Live media of this page, captured and encoded in a dedicated worker. */
export interface Capture {
  readonly rendition: CapturedRendition;
  /** ftyp and moov. */
  readonly init: Bytes;
  /** What to declare for the stream: at least what was asked for. */
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  /** Of cameras and screens. */
  readonly preview?: MediaStream;
  readonly stats: CaptureStats;
  /** Resolves after the last part was taken; rejects with a RelayError when the capture broke. */
  readonly ended: Promise<void>;
  /** Begins to give parts. Once only. */
  start(sink: CaptureSink): void;
  /** Ends the capture, gives what is left and frees the devices. Idempotent; resolves when that is done. */
  stop(): Promise<void>;
  addEventListener<Name extends keyof CaptureEvents>(
    type: Name,
    listener: (event: CustomEvent<CaptureEvents[Name]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener<Name extends keyof CaptureEvents>(
    type: Name,
    listener: (event: CustomEvent<CaptureEvents[Name]>) => void,
    options?: EventListenerOptions | boolean,
  ): void;
}

const DEFAULT_PART_TARGET_MS = 333;
const DEFAULT_TARGET_DURATION_MS = 2_000;
/** How long a worker that was told to stop may take; what it has not given by then is lost. */
const STOP_DEADLINE_MS = 5_000;
/** After these the sink takes no part any more. */
const SINK_GONE: ReadonlySet<RelayErrorCode> = new Set([
  "closed",
  "stream-ended",
  "stream-not-found",
  "worker-unreachable",
]);

/**
 * Opens a source and its encoders.
 * @throws RelayError `source-denied`, `source-missing`, `unsupported-browser`, `unsupported-media`, `encoder-failed`; the reason of
 * `signal` when it aborts
 */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const { signal, audio = true } = options;
  signal?.throwIfAborted();
  if (typeof Worker === "undefined" || typeof VideoEncoder === "undefined") {
    throw new RelayError(
      "unsupported-browser",
      "expected WebCodecs (VideoEncoder), which publishing needs: this browser has none here",
    );
  }
  const input = await openInput(options.source, audio);
  try {
    signal?.throwIfAborted();
    return await openCapture(input, options);
  } catch (thrown) {
    input.release();
    throw thrown;
  }
}

async function openCapture(input: CaptureInput, options: CaptureOptions): Promise<Capture> {
  const {
    signal,
    partTargetMs = DEFAULT_PART_TARGET_MS,
    targetDurationMs = DEFAULT_TARGET_DURATION_MS,
    videoBitrate,
    audio = true,
  } = options;
  const worker = new Worker(new URL("../capture/capture-worker.ts", import.meta.url), {
    type: "module",
    name: "eddy-capture",
  });
  try {
    const ready = await new Promise<Ready>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      worker.onerror = (event) => reject(workerError(event));
      worker.onmessage = ({ data }: MessageEvent<FromCaptureWorker>) => {
        if (data.type === "ready") resolve(data);
        else if (data.type === "error") reject(new RelayError(data.code, data.message));
      };
      const open: ToCaptureWorker = {
        type: "open",
        protocol: CAPTURE_PROTOCOL,
        source: input.request,
        options: { partTargetMs, targetDurationMs, audio, ...(videoBitrate === undefined ? {} : { videoBitrate }) },
      };
      worker.postMessage(open, input.transfer);
    });
    return new WorkerCapture(worker, ready, input);
  } catch (thrown) {
    worker.terminate();
    throw thrown;
  }
}

type Ready = Extract<FromCaptureWorker, { type: "ready" }>;

function workerError(event: ErrorEvent): RelayError {
  return new RelayError("internal", `the capture worker failed: ${event.message || "its script could not be loaded"}`);
}

const NO_STATS: CaptureStats = {
  framesPerSecond: 0,
  droppedFrames: 0,
  queuedFrames: 0,
  driftMs: 0,
  parts: 0,
  bytes: 0,
  waitingParts: 0,
  lostParts: 0,
};

/** Only passes messages on: nothing here waits for a timer or a picture of the page, which stand still in a hidden tab. */
class WorkerCapture implements Capture {
  readonly #events = new EventTarget();
  readonly rendition: CapturedRendition;
  readonly init: Bytes;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly preview?: MediaStream;
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #input: CaptureInput;
  readonly #taking = new Set<Promise<void>>();
  #end: (error?: RelayError) => void = () => undefined;
  #sink: CaptureSink | undefined;
  #stats = NO_STATS;
  #error: RelayError | undefined;
  #stopping = false;

  constructor(worker: Worker, ready: Ready, input: CaptureInput) {
    this.rendition = ready.rendition;
    this.init = ready.init;
    this.partTargetMs = ready.partTargetMs;
    this.targetDurationMs = ready.targetDurationMs;
    if (input.preview !== undefined) this.preview = input.preview;
    this.#worker = worker;
    this.#input = input;
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.ended.catch(() => undefined); // for who does not listen
    worker.onmessage = ({ data }: MessageEvent<FromCaptureWorker>) => this.#take(data);
    worker.onerror = (event) => {
      this.#break(workerError(event));
      void this.#finish();
    };
  }

  get stats(): CaptureStats {
    return this.#stats;
  }

  start(sink: CaptureSink): void {
    if (this.#sink !== undefined)
      throw new RelayError("conflict", "expected start() once, the capture has a sink already");
    this.#sink = sink;
    this.#post({ type: "start" });
    const { warning } = this.#input;
    if (warning !== undefined) this.#dispatch("warning", { code: warning.code, message: warning.message });
  }

  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#post({ type: "stop" });
      setTimeout(() => void this.#finish(), STOP_DEADLINE_MS);
    }
    await this.ended.catch(() => undefined);
  }

  addEventListener<Name extends keyof CaptureEvents>(
    type: Name,
    listener: (event: CustomEvent<CaptureEvents[Name]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void {
    this.#events.addEventListener(type, listener as EventListener, options);
  }

  removeEventListener<Name extends keyof CaptureEvents>(
    type: Name,
    listener: (event: CustomEvent<CaptureEvents[Name]>) => void,
    options?: EventListenerOptions | boolean,
  ): void {
    this.#events.removeEventListener(type, listener as EventListener, options);
  }

  #take(message: FromCaptureWorker): void {
    switch (message.type) {
      case "part":
        this.#give(this.#sink?.part(message.part), { acknowledge: true });
        return;
      case "init":
        this.#give(this.#sink?.init?.(message.init), { acknowledge: false });
        return;
      case "warning":
        this.#dispatch("warning", { code: message.code, message: message.message });
        return;
      case "stats":
        this.#stats = message.stats;
        this.#events.dispatchEvent(new CustomEvent("stats", { detail: message.stats }));
        return;
      case "error":
        this.#break(new RelayError(message.code, message.message));
        return;
      case "ended":
        void this.#finish();
        return;
      case "ready":
        return;
    }
  }

  #give(taken: Promise<unknown> | undefined, { acknowledge }: { readonly acknowledge: boolean }): void {
    const done: Promise<void> = Promise.resolve(taken)
      .then(
        () => undefined,
        (thrown: unknown) => this.#refused(RelayError.from(thrown)),
      )
      .then(() => {
        this.#taking.delete(done);
        if (acknowledge) this.#post({ type: "ack" });
      });
    this.#taking.add(done);
  }

  /** A part that the sink refuses is its loss alone, unless the sink is gone. */
  #refused({ code, message }: RelayError): void {
    this.#dispatch("warning", { code, message });
    if (SINK_GONE.has(code)) void this.stop();
  }

  #break(error: RelayError): void {
    this.#error ??= error;
    this.#dispatch("error", { code: error.code, message: error.message });
  }

  async #finish(): Promise<void> {
    this.#stopping = true;
    this.#input.release();
    this.#worker.terminate();
    const late = new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE_MS));
    await Promise.race([Promise.all(this.#taking), late]);
    this.#end(this.#error);
  }

  #dispatch(type: "warning" | "error", detail: CaptureNotice): void {
    this.#events.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #post(message: ToCaptureWorker): void {
    this.#worker.postMessage(message);
  }
}
