import type { SoundLevel } from "../capture/level-meter.ts";
import type { CapturedPart, CaptureRenditionOptions, CaptureStats } from "../capture/messages.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import { type CaptureSource, openInput } from "./capture-input.ts";
import { loadCode } from "./load-code.ts";

export type { SoundLevel } from "../capture/level-meter.ts";
export type {
  CapturedPart,
  CaptureRenditionOptions,
  CaptureStats,
  CutMedia,
  EncodedStats,
  PlayingFile,
} from "../capture/messages.ts";
export type { CapturedRendition } from "../model/rendition-options.ts";
export type { CaptureSource } from "./capture-input.ts";

/** What is captured, and how it is encoded. */
export interface CaptureOptions {
  /** Where the media comes from. */
  readonly source: CaptureSource;
  /** No part lasts longer, in ms; raised to a whole number of frames. Default 333. */
  readonly partTargetMs?: number;
  /** A key frame comes this often, in ms, and opens a segment. Default 2000. */
  readonly targetDurationMs?: number;
  /** Bits per second of the only rendition. Default: by size and frame rate. */
  readonly videoBitrate?: number;
  /**
   * Best first, 8 at most. Default one, as the source is, with sound and pictures together. Of several the sound is a rendition of its
   * own, and each of the others is encoded beside the first, with key frames at the same times.
   */
  readonly renditions?: readonly CaptureRenditionOptions[];
  /** False leaves the sound out. Default true: a source without sound is silent, so that others can be switched to. */
  readonly audio?: boolean;
  /** Aborts opening; a capture that is open is stopped by `stop()`. */
  readonly signal?: AbortSignal;
}

/** Who takes what is captured. */
export interface CaptureSink {
  /**
   * Takes one part of `part.rendition`; the bytes belong to the sink. A few parts are given at once, in order; while none of their
   * promises resolves the capture keeps the newest ones and lets the oldest go.
   */
  part(part: CapturedPart): Promise<unknown>;
  /** The parts of this rendition that follow need another init segment: another source, or an encoder that was started again. */
  init?(bytes: Bytes, rendition: string): Promise<unknown>;
}

/** What happened to a capture. */
export interface CaptureNotice {
  /** To branch on. */
  readonly code: RelayErrorCode;
  /** What was expected and what came. */
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
  /** Ten times a second, for a meter: one level for each channel, of the time since the event before. */
  readonly levels: readonly SoundLevel[];
  /** Another source is on the air, and `preview` is its. */
  readonly source: { readonly kind: CaptureSource["kind"] };
}

/** What viewers see while a capture is paused. */
export interface PauseOptions {
  /** What the slate says. Default "Paused". */
  readonly text?: string;
}

/** Live media of this page, captured and encoded in a dedicated worker. */
export interface Capture {
  /** What is really encoded, the main one first; with several, the sound is the last. */
  readonly renditions: readonly CapturedRendition[];
  /** The main one. */
  readonly rendition: CapturedRendition;
  /** ftyp and moov of the main one, as it begins. */
  readonly init: Bytes;
  /** What to declare for the stream: at least what was asked for. */
  readonly partTargetMs: number;
  /** What to declare for the stream: at least what was asked for. */
  readonly targetDurationMs: number;
  /** What is captured now, for a `<video>`; undefined where that is neither camera, screen nor stream. Its tracks belong to the capture. */
  readonly preview: MediaStream | undefined;
  /** As of the last second. */
  readonly stats: CaptureStats;
  /** Whether the sound goes on as silence. */
  readonly muted: boolean;
  /** Whether a slate is shown instead of the source. */
  readonly paused: boolean;
  /** Resolves after the last part was taken; rejects with a RelayError when the capture broke. */
  readonly ended: Promise<void>;
  /** Begins to give parts. Once only. */
  start(sink: CaptureSink): void;
  /**
   * Goes on with another source, in the size and frame rate that the stream has: what has another shape gets black bars. Resolves
   * when its pictures are on the air, and the former source is freed. A file that ends leaves its last picture.
   * @throws RelayError as `startCapture()` does, `unsupported-media` for a stream without pictures, `closed`; the former source goes on
   */
  switchSource(source: CaptureSource): Promise<void>;
  /**
   * The sound goes on as silence. Resolves when it does.
   * @throws RelayError `closed`
   */
  setMuted(muted: boolean): Promise<void>;
  /**
   * Shows a still picture instead of the source, and silence; parts go on at their pace. Devices stay open; a file waits.
   * Resolves when it does.
   * @throws RelayError `closed`, `unsupported-media` for a stream without pictures
   */
  setPaused(paused: boolean, options?: PauseOptions): Promise<void>;
  /**
   * Goes on with the next file of a queue, or the first after the last.
   * @throws RelayError `conflict` where no files play, `source-lost`
   */
  next(): Promise<void>;
  /** Ends the capture, gives what is left and frees the devices. Idempotent; resolves when that is done. */
  stop(): Promise<void>;
  /** Hears of what `CaptureEvents` lists, in `event.detail`. */
  addEventListener<Name extends keyof CaptureEvents>(
    type: Name,
    listener: (event: CustomEvent<CaptureEvents[Name]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  /** Takes a listener back. */
  removeEventListener<Name extends keyof CaptureEvents>(
    type: Name,
    listener: (event: CustomEvent<CaptureEvents[Name]>) => void,
    options?: EventListenerOptions | boolean,
  ): void;
}

/** Each costs an encoder. */
const MAX_RENDITIONS = 8;

/**
 * Opens a source and its encoders. Nothing is given before `start()`, which `publishCapture()` calls. Where the browser has no
 * `MediaStreamTrackProcessor`, frames of a camera, a screen or a stream are taken on this page's thread: of a `<video>`, and of an `AudioContext`, which
 * may wait for a click where there is no microphone.
 * @throws RelayError `source-denied`, `source-missing`, `unsupported-browser`, `unsupported-media`, `encoder-failed`, `code-unavailable`,
 * `invalid-option`; the reason of `signal` when it aborts
 * @example
 * ```ts
 * const capture = await startCapture({ source: { kind: "stream", stream: canvas.captureStream(30) }, partTargetMs: 333 });
 * const live = await publishCapture({ relay, name: "studio", capture });
 * ```
 */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const { signal, audio = true, renditions = [{}] } = options;
  signal?.throwIfAborted();
  if (typeof Worker === "undefined" || typeof VideoEncoder === "undefined") {
    throw new RelayError(
      "unsupported-browser",
      "expected WebCodecs (VideoEncoder), which publishing needs: this browser has none here",
    );
  }
  if (renditions.length < 1 || renditions.length > MAX_RENDITIONS) {
    throw new RelayError("invalid-option", `renditions: expected 1 to ${MAX_RENDITIONS}, got ${renditions.length}`);
  }
  const largest = Math.max(...renditions.map(({ height = 0 }) => height));
  // Asked for before the code is there: a browser asks for a screen only right after a click.
  const code = loadCode("capturing", import("./worker-capture.ts"));
  code.catch(() => undefined); // it is awaited below
  const input = await openInput(options.source, { audio, ...(largest > 0 ? { height: largest } : {}) });
  try {
    signal?.throwIfAborted();
    const { openWorkerCapture } = await code;
    return await openWorkerCapture(input, options);
  } catch (thrown) {
    input.release();
    throw thrown;
  }
}
