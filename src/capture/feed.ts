import type { Clock } from "../model/clock.ts";
import type { RelayError, RelayErrorCode } from "../model/errors.ts";
import type { PlayingFile } from "./messages.ts";
import type { SoundLine } from "./sound-line.ts";
import type { VideoSlot } from "./video-encoder.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What a live stream shows and sounds like, for as long as it is on the air. */
export interface Feed {
  /** The picture of a slot, in any size of the stream's shape; the caller closes it. Undefined only before the first one. */
  frame(slot: VideoSlot): VideoFrame | undefined;
  /** Called at every slot: gives the line the sound that is due by now, or the silence in its place. */
  sound(elapsedMs: number): void;
  /** Sound behind pictures when last measured. */
  readonly driftMs: number;
  readonly playing?: PlayingFile;
  /** What can wait does. */
  hold?(held: boolean): void;
  /** Goes on with the next of several. @throws RelayError */
  next?(): Promise<void>;
  stop(): void;
}

/** The start of a live stream on both clocks: what is captured at `monotonicMs` has timestamp 0. */
export interface StreamStart {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** The stream that a feed is for. */
export interface FeedContext {
  readonly size: PictureSize;
  readonly frameRate: number;
  readonly start: StreamStart;
  readonly clock: Clock;
  /** Absent in a stream without sound. A feed begins where it is when its own sound is first asked for. */
  readonly line: SoundLine | undefined;
  /** Tells the page of something it should know while the stream goes on. */
  warn(code: RelayErrorCode, message: string): void;
  /** It has given all there is; its last picture stays. */
  ended(error?: RelayError): void;
}

/** A source that was opened, and can begin to feed a stream. */
export interface OpenFeed extends PictureSize {
  readonly frameRate: number;
  /** Of its sound; absent where it has none. */
  readonly sampleRate?: number;
  /** A picture of its own, for the encoders to be asked about; the caller closes it. Default: a black one. */
  picture?(size: PictureSize): VideoFrame | undefined;
  start(context: FeedContext): Feed;
  /** Frees one that was not started. */
  close(): void;
}

/** Silence is made so far ahead of the pictures that no part waits for it. */
export const SOUND_AHEAD_MS = 60;

/** The sound of a feed that has none. */
export function silence(line: SoundLine | undefined, elapsedMs: number): void {
  line?.fillTo(line.framesAt(elapsedMs + SOUND_AHEAD_MS));
}
