import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { closeCodec, EncoderRestarts } from "./encoder-restarts.ts";
import type { EncodedPacket } from "./source.ts";

export interface VideoGridOptions {
  readonly config: VideoEncoderConfig;
  readonly frameRate: number;
  /** Frames from one key frame to the next. */
  readonly keyEveryFrames: number;
  /** The picture of a slot; the encoder closes it. Undefined only before the first picture. */
  readonly frameAt: (slot: VideoSlot) => VideoFrame | undefined;
  readonly onPacket: (packet: EncodedPacket) => void;
  /** The decoder's configuration, with the first packet and whenever it changes. */
  readonly onConfig: (config: VideoDecoderConfig) => void;
  /** The encoder failed and was started again. */
  readonly onRestart: (error: RelayError) => void;
  /** The encoder is beyond help; nothing follows. */
  readonly onFailed: (error: RelayError) => void;
  /** Called at every slot, before its picture is taken. */
  readonly onSlot?: (elapsedMs: number) => void;
  readonly clock?: Clock;
}

export interface VideoSlot {
  readonly index: number;
  readonly timestampUs: number;
  readonly durationUs: number;
}

/** The slot of a picture that is made before the stream starts. */
export const FIRST_SLOT: VideoSlot = { index: 0, timestampUs: 0, durationUs: 0 };

export interface VideoGridStats {
  readonly encoded: number;
  /** Slots without a frame, since the encoder had not finished with earlier ones. */
  readonly dropped: number;
  readonly queued: number;
}

/** Frames in the encoder at which a slot is dropped, so that a slow machine lowers the frame rate and not the latency. */
const MAX_QUEUED = 4;
/** A key frame is worth waiting for, but not for ever. */
const MAX_QUEUED_AT_KEY = 12;
/** After this long without the timer (a machine that slept) slots are passed over. */
const MAX_BEHIND_MS = 1_000;

/**
 * Encodes at a constant frame rate, as a broadcaster does: each slot of the grid gets the newest picture, again if there is no new
 * one, so that a still screen and an unplugged camera keep the cadence. Slot n is due at start + n / frameRate, without drift.
 */
export class VideoGrid {
  readonly #options: VideoGridOptions;
  readonly #clock: Clock;
  readonly #restarts: EncoderRestarts;
  #encoder: VideoEncoder | undefined;
  #cancelTimer: (() => void) | undefined;
  #startMs = 0;
  #nextSlot = 0;
  #keyDue = true;
  #stopped = false;
  #encoded = 0;
  #dropped = 0;

  constructor(options: VideoGridOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#restarts = new EncoderRestarts(this.#clock);
  }

  get stats(): VideoGridStats {
    return { encoded: this.#encoded, dropped: this.#dropped, queued: this.#encoder?.encodeQueueSize ?? 0 };
  }

  /** Slot 0 is now. */
  start(): void {
    this.#startMs = this.#clock.now();
    this.#openEncoder();
    this.#tick();
  }

  /** Encodes no more and gives what is in the encoder. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    const encoder = this.#encoder;
    if (encoder?.state !== "configured") return;
    await encoder.flush().catch(() => undefined);
    closeCodec(encoder);
  }

  #slotMs(index: number): number {
    return (index * 1000) / this.#options.frameRate;
  }

  #tick(): void {
    if (this.#stopped) return;
    const elapsedMs = this.#clock.now() - this.#startMs;
    this.#options.onSlot?.(elapsedMs);
    if (elapsedMs - this.#slotMs(this.#nextSlot) > MAX_BEHIND_MS) {
      const due = Math.floor((elapsedMs * this.#options.frameRate) / 1000);
      this.#dropped += due - this.#nextSlot;
      this.#nextSlot = due;
      this.#keyDue = true;
    }
    // Timers may come a little early; the slot is taken, rather than waiting a millisecond more.
    while (!this.#stopped && this.#slotMs(this.#nextSlot) <= elapsedMs + 1) this.#encode(this.#nextSlot++);
    if (this.#stopped) return;
    const delayMs = this.#startMs + this.#slotMs(this.#nextSlot) - this.#clock.now();
    this.#cancelTimer = this.#clock.after(Math.max(0, delayMs), () => this.#tick());
  }

  #encode(index: number): void {
    const { keyEveryFrames, frameAt } = this.#options;
    if (index % keyEveryFrames === 0) this.#keyDue = true;
    const encoder = this.#encoder;
    if (encoder?.state !== "configured") return;
    if (encoder.encodeQueueSize >= (this.#keyDue ? MAX_QUEUED_AT_KEY : MAX_QUEUED)) {
      this.#dropped++;
      return;
    }
    const timestampUs = Math.round(this.#slotMs(index) * 1000);
    const frame = frameAt({ index, timestampUs, durationUs: Math.round(this.#slotMs(index + 1) * 1000) - timestampUs });
    if (frame === undefined) return;
    try {
      encoder.encode(frame, { keyFrame: this.#keyDue });
      this.#keyDue = false;
      this.#encoded++;
    } catch (thrown) {
      this.#fail(encoder, thrown);
    } finally {
      frame.close();
    }
  }

  #openEncoder(): void {
    const encoder: VideoEncoder = new VideoEncoder({
      output: (chunk, metadata) => this.#output(encoder, chunk, metadata),
      error: (error) => this.#fail(encoder, error),
    });
    this.#encoder = encoder;
    this.#keyDue = true;
    try {
      encoder.configure(this.#options.config);
    } catch (thrown) {
      this.#fail(encoder, thrown);
    }
  }

  #output(encoder: VideoEncoder, chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
    if (encoder !== this.#encoder) return;
    if (metadata?.decoderConfig !== undefined) this.#options.onConfig(metadata.decoderConfig);
    const bytes = new Uint8Array(chunk.byteLength);
    chunk.copyTo(bytes);
    this.#options.onPacket({
      kind: "video",
      bytes,
      timestampUs: chunk.timestamp,
      durationUs: chunk.duration ?? Math.round(1e6 / this.#options.frameRate),
      key: chunk.type === "key",
    });
  }

  #fail(encoder: VideoEncoder, thrown: unknown): void {
    if (encoder !== this.#encoder || this.#stopped) return;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const { codec, width, height } = this.#options.config;
    const error = new RelayError("encoder-failed", `the encoder of ${codec} at ${width}x${height} failed: ${reason}`, {
      cause: thrown,
    });
    closeCodec(encoder);
    this.#encoder = undefined;
    if (this.#restarts.allow()) {
      this.#options.onRestart(error);
      this.#openEncoder();
      return;
    }
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#options.onFailed(error);
  }
}

/**
 * Encodes one picture and tells how the result is decoded, so that the init segment stands before the stream starts. The picture
 * should be one of the source's own, since its colour space is part of the answer; it is closed. Default: a black one.
 * @throws RelayError `encoder-failed`
 */
export async function probeVideoDecoder(
  config: VideoEncoderConfig,
  picture = blackPicture(config),
): Promise<VideoDecoderConfig> {
  return await new Promise<VideoDecoderConfig>((resolve, reject) => {
    const failed = (reason: string, cause?: unknown) =>
      reject(
        new RelayError(
          "encoder-failed",
          `the encoder of ${config.codec} at ${config.width}x${config.height} ${reason}`,
          { cause },
        ),
      );
    const encoder = new VideoEncoder({
      output: (_, metadata) => {
        if (metadata?.decoderConfig !== undefined) resolve(metadata.decoderConfig);
      },
      error: (error) => failed(`failed: ${error.message}`, error),
    });
    try {
      encoder.configure(config);
      encoder.encode(picture, { keyFrame: true });
    } finally {
      picture.close();
    }
    encoder.flush().then(
      () => {
        closeCodec(encoder);
        failed("gave no decoder configuration");
      },
      (error: unknown) => failed("failed at its first picture", error),
    );
  });
}

function blackPicture({ width, height }: VideoEncoderConfig): VideoFrame {
  const pixels = new Uint8Array(width * height * 4);
  return new VideoFrame(pixels, { format: "RGBX", codedWidth: width, codedHeight: height, timestamp: 0 });
}
