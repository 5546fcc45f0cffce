import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { EncoderLoad } from "./encoder-load.ts";
import { closeCodec, EncoderRestarts } from "./encoder-restarts.ts";
import type { EncodedPacket } from "./source.ts";

/** One size that the pictures of a grid are encoded in. */
export interface PictureOutput {
  readonly config: VideoEncoderConfig;
  /** Takes every so many slots of the grid. Default 1. */
  readonly everyNth?: number;
  readonly onPacket: (packet: EncodedPacket) => void;
  /** The decoder's configuration, with the first packet and whenever it changes. */
  readonly onConfig: (config: VideoDecoderConfig) => void;
}

export interface PictureEncoderOptions extends PictureOutput {
  /** Of a frame whose chunk does not say. */
  readonly frameUs: number;
  readonly clock: Clock;
  /** The encoder failed and was started again. */
  readonly onRestart: (error: RelayError) => void;
  /** The encoder is beyond help; nothing follows. */
  readonly onFailed: (error: RelayError) => void;
}

export interface PictureStats {
  readonly encoded: number;
  /** Slots without a frame, since the encoder had not finished with earlier ones. */
  readonly dropped: number;
  readonly queued: number;
}

/** Frames in the encoder at which a slot is dropped, so that a slow machine lowers the frame rate and not the latency. */
const MAX_QUEUED = 4;
/** A key frame is worth waiting for, but not for ever. */
const MAX_QUEUED_AT_KEY = 12;

/** A VideoEncoder that drops what it has no time for, started again when it fails. */
export class PictureEncoder {
  readonly #options: PictureEncoderOptions;
  readonly #restarts: EncoderRestarts;
  readonly #load: EncoderLoad;
  #encoder: VideoEncoder | undefined;
  #keyDue = true;
  #stopped = false;
  #encoded = 0;
  #dropped = 0;

  constructor(options: PictureEncoderOptions) {
    this.#options = options;
    this.#restarts = new EncoderRestarts(options.clock);
    this.#load = new EncoderLoad(options.clock.now());
  }

  get stats(): PictureStats {
    return { encoded: this.#encoded, dropped: this.#dropped, queued: this.#encoder?.encodeQueueSize ?? 0 };
  }

  /** See EncoderLoad: since this was last asked. */
  readLoad(): number {
    return this.#load.read(this.#options.clock.now());
  }

  /** Which slots of the grid it takes: one in so many. */
  get everyNth(): number {
    return this.#options.everyNth ?? 1;
  }

  open(): void {
    const encoder: VideoEncoder = new VideoEncoder({
      output: (chunk, metadata) => this.#output(encoder, chunk, metadata),
      error: (error) => this.#fail(encoder, error),
    });
    this.#encoder = encoder;
    this.#keyDue = true;
    this.#load.reset(this.#options.clock.now());
    try {
      encoder.configure(this.#options.config);
    } catch (thrown) {
      this.#fail(encoder, thrown);
    }
  }

  /** The next frame is a key frame. */
  wantKey(): void {
    this.#keyDue = true;
  }

  /** Slots that were passed over. */
  skip(slots: number): void {
    this.#dropped += slots;
    this.wantKey();
  }

  /** Whether it takes a frame now; a slot that it does not take is dropped. */
  admit(): boolean {
    const encoder = this.#encoder;
    if (this.#stopped || encoder?.state !== "configured") return false;
    if (encoder.encodeQueueSize < (this.#keyDue ? MAX_QUEUED_AT_KEY : MAX_QUEUED)) return true;
    this.#dropped++;
    this.#load.drop();
    return false;
  }

  /** The frame stays the caller's. */
  encode(frame: VideoFrame): void {
    const encoder = this.#encoder;
    if (encoder?.state !== "configured") return;
    try {
      this.#load.enter(this.#options.clock.now());
      encoder.encode(frame, { keyFrame: this.#keyDue });
      this.#keyDue = false;
      this.#encoded++;
    } catch (thrown) {
      this.#fail(encoder, thrown);
    }
  }

  /** Encodes no more and gives what is in the encoder. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const encoder = this.#encoder;
    if (encoder?.state !== "configured") return;
    await encoder.flush().catch(() => undefined);
    closeCodec(encoder);
  }

  #output(encoder: VideoEncoder, chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
    if (encoder !== this.#encoder) return;
    this.#load.leave(this.#options.clock.now());
    const { onConfig, onPacket, frameUs } = this.#options;
    if (metadata?.decoderConfig !== undefined) onConfig(metadata.decoderConfig);
    const bytes = new Uint8Array(chunk.byteLength);
    chunk.copyTo(bytes);
    onPacket({
      kind: "video",
      bytes,
      timestampUs: chunk.timestamp,
      durationUs: (chunk.duration ?? frameUs) * this.everyNth,
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
      this.open();
      return;
    }
    this.#stopped = true;
    this.#options.onFailed(error);
  }
}
