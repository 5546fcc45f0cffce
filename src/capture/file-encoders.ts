import type { VideoSample } from "mediabunny";
import type { Clock } from "../model/clock.ts";
import type { RelayError } from "../model/errors.ts";
import { SoundEncoder } from "./audio-encoder.ts";
import type { SlotEncoder } from "./file-encode-lanes.ts";
import { sameDecoder } from "./live-source.ts";
import type { PacketSink, TrackDescription } from "./source.ts";
import { VideoGrid, type VideoGridStats, type VideoSlot } from "./video-encoder.ts";

export interface FileEncoderOptions {
  readonly sink: PacketSink;
  readonly onFailed: (error: RelayError) => void;
}

export interface VideoSlotsOptions extends FileEncoderOptions {
  readonly config: VideoEncoderConfig;
  readonly track: TrackDescription;
  readonly frameRate: number;
  readonly targetDurationMs: number;
}

/**
 * The encoder's grid, moved on by the file instead of by the time of day: slot n is encoded when the file's nth picture is
 * given, so that neither comes twice or is left out because a timer was late.
 */
export class VideoSlots implements SlotEncoder<VideoSample> {
  readonly #clock = new SteppedClock();
  readonly #grid: VideoGrid;
  readonly #frameRate: number;
  readonly #size: { readonly width: number; readonly height: number };
  #canvas: OffscreenCanvas | undefined;
  #picture: VideoSample | undefined;
  #slots = 0;

  constructor({ config, track, frameRate, targetDurationMs, sink, onFailed }: VideoSlotsOptions) {
    this.#frameRate = frameRate;
    this.#size = { width: config.width, height: config.height };
    let current = track.decoderConfig as VideoDecoderConfig;
    this.#grid = new VideoGrid({
      config,
      frameRate,
      keyEveryFrames: Math.max(1, Math.round((targetDurationMs * frameRate) / 1000)),
      frameAt: (slot) => this.#frame(slot),
      onPacket: (packet) => sink.packet(packet),
      onConfig: (decoderConfig) => {
        if (sameDecoder(decoderConfig, current)) return;
        current = decoderConfig;
        sink.reconfigure({ ...track, codec: decoderConfig.codec, decoderConfig });
      },
      onRestart: (error) => sink.warn(error.code, `${error.message}; started again`),
      onFailed,
      clock: this.#clock,
    });
  }

  get stats(): VideoGridStats {
    return this.#grid.stats;
  }

  encode(picture: VideoSample): void {
    this.#picture = picture;
    if (this.#slots === 0) this.#grid.start();
    else this.#clock.moveTo((this.#slots * 1000) / this.#frameRate);
    this.#slots++;
  }

  stop(): Promise<void> {
    return this.#grid.stop();
  }

  #frame({ timestampUs, durationUs }: VideoSlot): VideoFrame | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    const { width, height } = this.#size;
    this.#canvas ??= new OffscreenCanvas(width, height);
    // The sample knows its turn, mirroring and pixel shape, and draws itself upright.
    const context = this.#canvas.getContext("2d", { alpha: false });
    if (context === null) return undefined;
    picture.draw(context, 0, 0, width, height);
    return new VideoFrame(this.#canvas, { timestamp: timestampUs, duration: durationUs, alpha: "discard" });
  }
}

/** Encodes blocks of sound that lie end to end. */
export function soundEncoder(config: AudioEncoderConfig, { sink, onFailed }: FileEncoderOptions): SoundEncoder {
  return new SoundEncoder({
    config,
    onPacket: (packet) => sink.packet(packet),
    onRestart: (error) => sink.warn(error.code, `${error.message}; started again`),
    onFailed,
  });
}

/** A clock that stands still until it is moved, and then calls who is due. */
class SteppedClock implements Clock {
  #nowMs = 0;
  #due: { readonly atMs: number; readonly callback: () => void } | undefined;

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const due = { atMs: this.#nowMs + delayMs, callback };
    this.#due = due;
    return () => {
      if (this.#due === due) this.#due = undefined;
    };
  }

  moveTo(nowMs: number): void {
    this.#nowMs = nowMs;
    const due = this.#due;
    // Slots are apart by far more than the rounding of their times.
    if (due === undefined || due.atMs > nowMs + 1) return;
    this.#due = undefined;
    due.callback();
  }
}
