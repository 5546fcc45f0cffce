import type { Bytes } from "../model/bytes.ts";
import type { RelayErrorCode } from "../model/errors.ts";

export type TrackKind = "video" | "audio";

/** One encoded frame. Packets of a kind come in decode order; `bytes` belongs to the receiver and is never changed. */
export interface EncodedPacket {
  readonly kind: TrackKind;
  readonly bytes: Bytes;
  /** Presentation time. All tracks share one timeline, which never jumps: a source that loops goes on counting. */
  readonly timestampUs: number;
  /** What the source believes; only the last sample of a track, and audio alone, are cut by it. */
  readonly durationUs: number;
  /** Decodable on its own; nothing after it in decode order refers to what was before (closed GOPs). */
  readonly key: boolean;
}

/** What an init segment and a playlist need to know of one track, before its first packet. */
export interface TrackDescription {
  readonly kind: TrackKind;
  /** The full RFC 6381 string, such as `avc1.42c01f`. */
  readonly codec: string;
  /** As WebCodecs gives it; `description` (avcC, ASC, OpusHead) is there where the codec has one. */
  readonly decoderConfig: VideoDecoderConfig | AudioDecoderConfig;
  /** Coded pixels, before rotation. */
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** Clockwise degrees a player turns the picture by. Default 0. */
  readonly rotation?: 0 | 90 | 180 | 270;
  /** Bits per second, peak. */
  readonly bitrate: number;
  /** Most frames that are decoded before one they are shown after (B-frames); the cutter holds as many back. Default 0. */
  readonly reorderDepth?: number;
}

/** Where a source puts its packets. */
export interface PacketSink {
  /** Takes one packet; never throws and never waits. */
  packet(packet: EncodedPacket): void;
  /** The packets of this kind that follow, from a key frame on, are described so: an encoder started again with another configuration. */
  reconfigure(track: TrackDescription): void;
  /** Resolves at once while there is room downstream, else when there is room again; a source awaits it before it reads more. */
  ready(): Promise<void>;
  /** Tells the page of something it should know while the stream goes on. */
  warn(code: RelayErrorCode, message: string): void;
}

/** A source that gives packets, paced in real time. */
export interface RunningSource {
  /** No packet comes after this; `ended` resolves soon after. Idempotent. */
  stop(): void;
  /** Resolves when the source has given its last packet; rejects with a RelayError when it failed. */
  readonly ended: Promise<void>;
}

export interface SourceOptions {
  /** The part target that was asked for. */
  readonly partTargetMs: number;
  /** The target duration that was asked for. */
  readonly targetDurationMs: number;
  /** False leaves the audio out. Default true. */
  readonly audio?: boolean;
  /** Aborts opening. */
  readonly signal?: AbortSignal;
}

export interface FileSourceOptions extends SourceOptions {
  /** Starts again at the end, on the same timeline. Default false. */
  readonly loop?: boolean;
}

/** A source whose tracks are known and whose packets have not begun. */
export interface OpenSource {
  /** At most one of each kind; video first. */
  readonly tracks: readonly TrackDescription[];
  /** What its parts need at least: the asked one, raised to a whole number of frames where the frame rate is constant. */
  readonly partTargetMs: number;
  /** What its segments need at least: not shorter than its longest distance between key frames. */
  readonly targetDurationMs: number;
  /** Begins to give packets, in real time: a packet comes when its timestamp, counted from the first one, is due. */
  start(sink: PacketSink): RunningSource;
}

/**
 * Signature of `openFile` in `file-source.ts`: reads the file's tracks without reading all of it.
 * @throws RelayError `unsupported-media`
 */
export type OpenFile = (file: Blob, options: FileSourceOptions) => Promise<OpenSource>;

/** `partTargetMs` raised to a whole number of frames, rounded up to the millisecond: parts at a constant rate fill it exactly. */
export function wholeFramesMs(partTargetMs: number, frameRate: number): number {
  // The tolerance lets 333 ms hold the ten frames of 30 Hz it means, so that 334 comes and not 367.
  const frames = Math.max(1, Math.ceil((partTargetMs * frameRate) / 1000 - 0.05));
  return Math.ceil((frames * 1000) / frameRate - 1e-6);
}
