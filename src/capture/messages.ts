import type { Bytes } from "../model/bytes.ts";
import type { RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import type { EncodingAsk, EncodingMeasure } from "./encoding-measure.ts";
import type { SoundLevel } from "./level-meter.ts";

/** The page and its capture worker are built together; another number means that one of them came from an old cache. */
export const CAPTURE_PROTOCOL = 3;

/** Where the media comes from, as the worker is told. Streams and files are transferred or cloned with the message. */
export type CaptureRequest =
  | { readonly kind: "pattern"; readonly width?: number; readonly height?: number; readonly frameRate?: number }
  | {
      readonly kind: "stream";
      /** A port gives what it is asked for: see `askedStream`. */
      readonly video: ReadableStream<VideoFrame> | MessagePort;
      readonly audio?: ReadableStream<AudioData> | MessagePort;
      /** What the track says of itself; the first frame decides. */
      readonly frameRate?: number;
      /** For messages: "camera", "screen". */
      readonly name: string;
    }
  /** One after the other; names are for who is told what plays. */
  | {
      readonly kind: "files";
      readonly files: readonly { readonly file: Blob; readonly name: string }[];
      readonly loop: boolean;
    };

/** One of several sizes that a capture is encoded in. */
export interface CaptureRenditionOptions {
  /** Pixels, rounded down to even; the width follows. Never more than the source has. Default: as the source. */
  readonly height?: number;
  /** Frames per second: what the source has, or that divided by a whole number, whichever is nearest. Default: as the source. */
  readonly frameRate?: number;
  /** Bits per second. Default: by size and frame rate. */
  readonly videoBitrate?: number;
}

export interface CaptureOptions {
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  /** One at least, best first. */
  readonly renditions: readonly CaptureRenditionOptions[];
  readonly audio: boolean;
}

/** What can be asked of a capture that runs. */
export type CaptureAsk =
  | { readonly kind: "switch"; readonly source: CaptureRequest }
  | { readonly kind: "mute"; readonly muted: boolean }
  | { readonly kind: "pause"; readonly paused: boolean; readonly text: string }
  /** The next file of a queue. */
  | { readonly kind: "next" };

export type ToCaptureWorker =
  | {
      readonly type: "open";
      readonly protocol: number;
      readonly source: CaptureRequest;
      readonly options: CaptureOptions;
    }
  /** Parts may come from now on. */
  | { readonly type: "start" }
  /** One part of this rendition was taken; room for another. */
  | { readonly type: "ack"; readonly rendition: string }
  /** Answered by `answer` of the same id. */
  | { readonly type: "ask"; readonly id: number; readonly ask: CaptureAsk }
  | { readonly type: "measure"; readonly protocol: number; readonly ask: EncodingAsk }
  | { readonly type: "stop" };

/** How one rendition with pictures does. Counts are since the start. */
export interface EncodedStats {
  /** Of the rendition. */
  readonly id: string;
  /** Frames encoded per second, over the last second; 0 where packets of a file pass through. */
  readonly framesPerSecond: number;
  /** Frames that were due and not encoded, since the encoder was behind. */
  readonly droppedFrames: number;
  /** Frames in the encoder. */
  readonly queuedFrames: number;
  /** Time that the encoder was busy per time of media, over the last second; 1 and more where it cannot keep up. */
  readonly load: number;
}

/** What plays of a queue of files. */
export interface PlayingFile {
  /** From 0. */
  readonly index: number;
  /** Files in the queue. */
  readonly count: number;
  /** Of the file. */
  readonly name: string;
}

/** How the source does, once a second. Counts are since the start. */
export interface CaptureStats {
  /** Of the main rendition, as in `renditions`. */
  readonly framesPerSecond: number;
  /** Of all renditions. */
  readonly droppedFrames: number;
  /** Of all renditions. */
  readonly queuedFrames: number;
  /** Of the busiest rendition, as in `renditions`. */
  readonly load: number;
  /** Each rendition with pictures. */
  readonly renditions: readonly EncodedStats[];
  /** Of the last second, one for each channel, as it is sent: silence while muted or paused. Empty without sound. */
  readonly levels: readonly SoundLevel[];
  /** The sound goes on as silence. */
  readonly muted: boolean;
  /** A slate is shown instead of the source. */
  readonly paused: boolean;
  /** With files as the source. */
  readonly playing?: PlayingFile;
  /** Sound behind pictures when last measured; negative when ahead. */
  readonly driftMs: number;
  /** Parts that were made, of all renditions. */
  readonly parts: number;
  /** Bytes of these parts. */
  readonly bytes: number;
  /** Parts that wait for the page to take them. */
  readonly waitingParts: number;
  /** Parts that were let go because the page took none. */
  readonly lostParts: number;
}

/** The media of one part. */
export interface CutMedia {
  /** One or more moof+mdat. They belong to who is given them. */
  readonly bytes: Bytes;
  /** What its samples last. */
  readonly durationMs: number;
  /** It starts with a key frame. */
  readonly independent: boolean;
  /** Wall clock of the first sample, in ms since the Unix epoch. */
  readonly programDateTimeMs: number;
  /** Media lost before this part, since nobody took it in time: the timeline jumps by as much. Absent where none was. */
  readonly missingMs?: number;
  /** An init segment, or another part, follows at once: who is told of this part is to hear of that too (rule 41). */
  readonly more?: boolean;
}

/** One part of one rendition, as a sink is given it. */
export interface CapturedPart extends CutMedia {
  /** Id of the rendition it belongs to. */
  readonly rendition: string;
}

export type FromCaptureWorker =
  | {
      readonly type: "ready";
      /** The main one first; sound of its own last. */
      readonly renditions: readonly CapturedRendition[];
      readonly partTargetMs: number;
      readonly targetDurationMs: number;
    }
  | { readonly type: "part"; readonly part: CapturedPart }
  /** The parts of this rendition that follow need another init segment. */
  | { readonly type: "init"; readonly rendition: string; readonly init: Bytes }
  | { readonly type: "warning"; readonly code: RelayErrorCode; readonly message: string }
  | { readonly type: "stats"; readonly stats: CaptureStats }
  /** Ten times a second, of the time since the one before. */
  | { readonly type: "levels"; readonly levels: readonly SoundLevel[] }
  | { readonly type: "answer"; readonly id: number; readonly error?: CaptureFailure }
  | { readonly type: "measured"; readonly measures: readonly EncodingMeasure[] }
  /** Nothing follows. */
  | { readonly type: "error"; readonly code: RelayErrorCode; readonly message: string }
  | { readonly type: "ended" };

interface CaptureFailure {
  readonly code: RelayErrorCode;
  readonly message: string;
}
