import {
  CAPTURE_PROTOCOL,
  type CaptureAsk,
  type CaptureStats,
  type FromCaptureWorker,
  type ToCaptureWorker,
} from "../capture/messages.ts";
import { readFromCapture } from "../capture/read-from-capture.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import type { Capture, CaptureEvents, CaptureNotice, CaptureOptions, CaptureSink, PauseOptions } from "./capture.ts";
import { type CaptureInput, type CaptureSource, openInput } from "./capture-input.ts";

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

/** The capture worker, without a source yet. Bundlers find its script by this very expression. */
export function makeCaptureWorker(): Worker {
  // WebKitGTK 2.50 loads GStreamer when codecs are first asked for, and crashes where a worker does that before the page has.
  globalThis.MediaSource?.isTypeSupported('video/mp4; codecs="avc1.42e01e"');
  return new Worker(new URL("../capture/capture-worker.ts", import.meta.url), {
    type: "module",
    name: "eddy-capture",
  });
}

export function workerError(event: ErrorEvent): RelayError {
  return new RelayError("internal", `the capture worker failed: ${event.message || "its script could not be loaded"}`);
}

/** Hears what it says, and of what nobody can read what is wrong with it. */
export function hear(worker: Worker, listener: (message: FromCaptureWorker | RelayError) => void): void {
  worker.onmessage = ({ data }: MessageEvent<unknown>) => {
    let message: FromCaptureWorker | RelayError;
    try {
      message = readFromCapture(data);
    } catch (thrown) {
      message = RelayError.from(thrown);
    }
    listener(message);
  };
}

/** Opens a worker over a source that was granted. */
export async function openWorkerCapture(input: CaptureInput, options: CaptureOptions): Promise<Capture> {
  const {
    signal,
    partTargetMs = DEFAULT_PART_TARGET_MS,
    targetDurationMs = DEFAULT_TARGET_DURATION_MS,
    videoBitrate,
    renditions = [videoBitrate === undefined ? {} : { videoBitrate }],
    audio = true,
  } = options;
  // It may have aborted while this code was loaded.
  signal?.throwIfAborted();
  const worker = makeCaptureWorker();
  try {
    const ready = await new Promise<Ready>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      worker.onerror = (event) => reject(workerError(event));
      hear(worker, (message) => {
        if (message instanceof RelayError) reject(message);
        else if (message.type === "ready") resolve(message);
        else if (message.type === "error") reject(new RelayError(message.code, message.message));
      });
      const open: ToCaptureWorker = {
        type: "open",
        protocol: CAPTURE_PROTOCOL,
        source: input.request,
        options: { partTargetMs, targetDurationMs, audio, renditions },
      };
      worker.postMessage(open, input.transfer);
    });
    return new WorkerCapture(worker, { ready, input, audio });
  } catch (thrown) {
    worker.terminate();
    throw thrown;
  }
}

type Ready = Extract<FromCaptureWorker, { type: "ready" }>;

const NO_STATS: CaptureStats = {
  framesPerSecond: 0,
  droppedFrames: 0,
  queuedFrames: 0,
  load: 0,
  renditions: [],
  levels: [],
  muted: false,
  paused: false,
  driftMs: 0,
  parts: 0,
  bytes: 0,
  waitingParts: 0,
  lostParts: 0,
};

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: RelayError) => void;
}

/** Only passes messages on: nothing here waits for a timer or a picture of the page, which stand still in a hidden tab. */
export class WorkerCapture implements Capture {
  readonly #events = new EventTarget();
  readonly renditions: readonly CapturedRendition[];
  readonly rendition: CapturedRendition;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #audio: boolean;
  readonly #taking = new Set<Promise<void>>();
  readonly #asked = new Map<number, Asked>();
  #input: CaptureInput;
  /** One switch after the other. */
  #switching: Promise<void> = Promise.resolve();
  #asks = 0;
  #end: (error?: RelayError) => void = () => undefined;
  #sink: CaptureSink | undefined;
  #stats = NO_STATS;
  #muted = false;
  #paused = false;
  #error: RelayError | undefined;
  #stopping = false;
  #over = false;

  constructor(
    worker: Worker,
    { ready, input, audio }: { readonly ready: Ready; readonly input: CaptureInput; readonly audio: boolean },
  ) {
    const [main] = ready.renditions;
    if (main === undefined) throw new RelayError("internal", "expected a rendition from the capture worker, got none");
    this.renditions = ready.renditions;
    this.rendition = main;
    this.partTargetMs = ready.partTargetMs;
    this.targetDurationMs = ready.targetDurationMs;
    this.#worker = worker;
    this.#input = input;
    this.#audio = audio;
    this.ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.ended.catch(() => undefined); // for who does not listen
    hear(worker, (message) => {
      // Nothing but what it said is lost.
      if (message instanceof RelayError) this.#dispatch("warning", { code: message.code, message: message.message });
      else this.#take(message);
    });
    worker.onerror = (event) => {
      this.#break(workerError(event));
      void this.#finish();
    };
  }

  get init(): Bytes {
    return this.rendition.init;
  }

  get preview(): MediaStream | undefined {
    return this.#input.preview;
  }

  get stats(): CaptureStats {
    return this.#stats;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get paused(): boolean {
    return this.#paused;
  }

  start(sink: CaptureSink): void {
    if (this.#sink !== undefined)
      throw new RelayError("conflict", "expected start() once, the capture has a sink already");
    this.#sink = sink;
    this.#post({ type: "start" });
    this.#warnOfInput();
  }

  async switchSource(source: CaptureSource): Promise<void> {
    // Nobody is asked for what nobody will see. A stream that was given is stopped below.
    if (this.#stopping && source.kind !== "stream") throw new RelayError("closed", "the capture has ended");
    // Asked at once, and not when a switch before it is done: a browser shares a screen only right after a click.
    const opening = openInput(source, { audio: this.#audio, height: this.rendition.height ?? 0 });
    const switched = this.#switching.then(async () => this.#switchTo(await opening, source.kind));
    this.#switching = switched.catch(() => undefined);
    opening.catch(() => undefined); // told by what waits for it
    await switched;
  }

  async setMuted(muted: boolean): Promise<void> {
    await this.#ask({ kind: "mute", muted });
    this.#muted = muted;
  }

  async setPaused(paused: boolean, { text = "Paused" }: PauseOptions = {}): Promise<void> {
    await this.#ask({ kind: "pause", paused, text });
    this.#paused = paused;
  }

  async next(): Promise<void> {
    await this.#ask({ kind: "next" });
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

  async #switchTo(input: CaptureInput, kind: CaptureSource["kind"]): Promise<void> {
    try {
      await this.#ask({ kind: "switch", source: input.request }, input.transfer);
    } catch (thrown) {
      input.release();
      throw thrown;
    }
    this.#input.release();
    this.#input = input;
    this.#dispatch("source", { kind });
    this.#warnOfInput();
  }

  #warnOfInput(): void {
    const { warning } = this.#input;
    if (warning !== undefined) this.#dispatch("warning", { code: warning.code, message: warning.message });
  }

  #ask(ask: CaptureAsk, transfer: Transferable[] = []): Promise<void> {
    if (this.#stopping) return Promise.reject(new RelayError("closed", "the capture has ended"));
    const id = this.#asks++;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#post({ type: "ask", id, ask }, transfer);
    });
  }

  #take(message: FromCaptureWorker): void {
    switch (message.type) {
      case "part": {
        const { part } = message;
        this.#give(this.#sink?.part(part), () => this.#post({ type: "ack", rendition: part.rendition }));
        return;
      }
      case "init":
        this.#give(this.#sink?.init?.(message.init, message.rendition), () => undefined);
        return;
      case "warning":
        this.#dispatch("warning", { code: message.code, message: message.message });
        return;
      case "stats":
        this.#stats = message.stats;
        this.#dispatch("stats", message.stats);
        return;
      case "levels":
        this.#dispatch("levels", message.levels);
        return;
      case "answer":
        this.#answered(message);
        return;
      case "error":
        this.#break(new RelayError(message.code, message.message));
        return;
      case "ended":
        void this.#finish();
        return;
      default:
        return;
    }
  }

  #answered({ id, error }: Extract<FromCaptureWorker, { type: "answer" }>): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve();
    else asked?.reject(new RelayError(error.code, error.message));
  }

  #give(taken: Promise<unknown> | undefined, then: () => void): void {
    const done: Promise<void> = Promise.resolve(taken)
      .then(
        () => undefined,
        (thrown: unknown) => this.#refused(RelayError.from(thrown)),
      )
      .then(() => {
        this.#taking.delete(done);
        then();
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
    if (this.#over) return;
    this.#over = true;
    this.#stopping = true;
    this.#input.release();
    this.#worker.terminate();
    for (const { reject } of this.#asked.values()) reject(new RelayError("closed", "the capture has ended"));
    this.#asked.clear();
    const late = new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE_MS));
    await Promise.race([Promise.all(this.#taking), late]);
    this.#end(this.#error);
  }

  #dispatch<Name extends keyof CaptureEvents>(
    type: Name,
    detail: CaptureEvents[Name] & (CaptureNotice | object),
  ): void {
    this.#events.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #post(message: ToCaptureWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
