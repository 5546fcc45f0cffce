import type { Bytes } from "../model/bytes.ts";
import type { RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";

/** The page and its capture worker are built together; another number means that one of them came from an old cache. */
export const CAPTURE_PROTOCOL = 1;

/** Where the media comes from, as the worker is told. Streams and files are transferred or cloned with the message. */
export type CaptureRequest =
  | { readonly kind: "pattern"; readonly width?: number; readonly height?: number; readonly frameRate?: number }
  | {
      readonly kind: "stream";
      readonly video: ReadableStream<VideoFrame>;
      readonly audio?: ReadableStream<AudioData>;
      /** What the track says of itself; the first frame decides. */
      readonly frameRate?: number;
      /** For messages: "camera", "screen". */
      readonly name: string;
    }
  | { readonly kind: "file"; readonly file: Blob; readonly loop: boolean };

export interface CaptureOptions {
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly videoBitrate?: number;
  readonly audio: boolean;
}

export type ToCaptureWorker =
  | {
      readonly type: "open";
      readonly protocol: number;
      readonly source: CaptureRequest;
      readonly options: CaptureOptions;
    }
  /** Parts may come from now on. */
  | { readonly type: "start" }
  /** One part was taken; room for another. */
  | { readonly type: "ack" }
  | { readonly type: "stop" };

/** How the source does, once a second. Counts are since the start. */
export interface CaptureStats {
  /** Frames encoded per second, over the last second; 0 where packets of a file pass through. */
  readonly framesPerSecond: number;
  /** Frames that were due and not encoded, since the encoder was behind. */
  readonly droppedFrames: number;
  /** Frames in the encoder. */
  readonly queuedFrames: number;
  /** Sound behind pictures when last measured; negative when ahead. */
  readonly driftMs: number;
  readonly parts: number;
  readonly bytes: number;
  /** Parts that wait for the page to take them. */
  readonly waitingParts: number;
  /** Parts that were let go because the page took none. */
  readonly lostParts: number;
}

export interface CapturedPart {
  readonly bytes: Bytes;
  readonly durationMs: number;
  readonly independent: boolean;
  /** Wall clock of the first sample. */
  readonly programDateTimeMs: number;
  /** Media lost before this part, since nobody took it in time: the timeline jumps by as much. */
  readonly missingMs?: number;
}

export type FromCaptureWorker =
  | {
      readonly type: "ready";
      readonly rendition: CapturedRendition;
      readonly init: Bytes;
      readonly partTargetMs: number;
      readonly targetDurationMs: number;
    }
  | { readonly type: "part"; readonly part: CapturedPart }
  /** The parts that follow need another init segment. */
  | { readonly type: "init"; readonly init: Bytes }
  | { readonly type: "warning"; readonly code: RelayErrorCode; readonly message: string }
  | { readonly type: "stats"; readonly stats: CaptureStats }
  /** Nothing follows. */
  | { readonly type: "error"; readonly code: RelayErrorCode; readonly message: string }
  | { readonly type: "ended" };
