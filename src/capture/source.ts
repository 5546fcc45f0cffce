import type { Bytes } from "../model/bytes.ts";
import type { RelayErrorCode } from "../model/errors.ts";
import type { OpenFeed } from "./feed.ts";
import type { SoundLevel } from "./level-meter.ts";
import type { PlayingFile } from "./messages.ts";
import type { PictureStats } from "./picture-encoder.ts";

export type TrackKind = "video" | "audio";

/** One encoded frame. Packets of a kind come in decode order; `bytes` belongs to the receiver and is never changed. */
export interface EncodedPacket {
  readonly kind: TrackKind;
  /** Of several videos, the index of its track. Default 0. */
  readonly rendition?: number;
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
  /**
   * The packets of this kind that follow, from a key frame on, are described so: an encoder started again with another configuration.
   * `rendition`: as in EncodedPacket.
   */
  reconfigure(track: TrackDescription, rendition?: number): void;
  /** Resolves at once while there is room downstream, else when there is room again; a source awaits it before it reads more. */
  ready(): Promise<void>;
  /** Tells the page of something it should know while the stream goes on. */
  warn(code: RelayErrorCode, message: string): void;
}

/** Figures of a running source. */
export interface SourceStats {
  /** Of the encoders, one for each video; none where packets pass through. Counts are since the start, load since it was last read. */
  readonly videos: readonly (PictureStats & { readonly load: number })[];
  /** One for each channel, since it was last read. */
  readonly levels: readonly SoundLevel[];
  readonly driftMs: number;
  readonly playing?: PlayingFile;
}

/** What can be asked of a source that encodes. */
export interface LiveControl {
  readonly paused: boolean;
  /** `text` stands on the slate. */
  setPaused(paused: boolean, text: string): void;
  /** Resolves when the feed is on the air. @throws RelayError; the former one goes on */
  switchTo(feed: OpenFeed): Promise<void>;
  /** @throws RelayError `conflict` where nothing follows */
  next(): Promise<void>;
}

/** A source that gives packets, paced in real time. */
export interface RunningSource {
  readStats?(): SourceStats;
  /** For a meter, since it was last read. */
  readLevels?(): readonly SoundLevel[];
  readonly muted?: boolean;
  /** The sound goes on as silence. */
  setMuted?(muted: boolean): void;
  /** Absent where packets pass through. */
  readonly control?: LiveControl;
  /** Where packets pass through: the same again, decoded, from where it is now. @throws RelayError */
  reopen?(): Promise<OpenFeed>;
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
  /** What it is called, for people. Default nothing. */
  readonly name?: string;
}

/** A source whose tracks are known and whose packets have not begun. */
export interface OpenSource {
  /** Videos first, and one sound at most. Of one video it is in the same parts, of several it has its own. */
  readonly tracks: readonly TrackDescription[];
  /** Ids of the renditions with pictures, as they are published. Default `main`. */
  readonly ids?: readonly string[];
  /** Key frames of all videos are so far apart. Only where there are several it matters. */
  readonly segmentMs?: number;
  /** What its parts need at least: the asked one, raised to a whole number of frames where the frame rate is constant. */
  readonly partTargetMs: number;
  /** What its segments need at least: not shorter than its longest distance between key frames. */
  readonly targetDurationMs: number;
  /** Begins to give packets, in real time: a packet comes when its timestamp, counted from the first one, is due. */
  start(sink: PacketSink): RunningSource;
}

/** `partTargetMs` raised to a whole number of frames, rounded up to the millisecond: parts at a constant rate fill it exactly. */
export function wholeFramesMs(partTargetMs: number, frameRate: number): number {
  // The tolerance lets 333 ms hold the ten frames of 30 Hz it means, so that 334 comes and not 367.
  const frames = Math.max(1, Math.ceil((partTargetMs * frameRate) / 1000 - 0.05));
  return Math.ceil((frames * 1000) / frameRate - 1e-6);
}
