import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { closeCodec, EncoderRestarts, endProbe } from "./encoder-restarts.ts";
import type { EncodedPacket } from "./source.ts";

export interface SoundEncoderOptions {
  readonly config: AudioEncoderConfig;
  readonly onPacket: (packet: EncodedPacket) => void;
  readonly onRestart: (error: RelayError) => void;
  readonly onFailed: (error: RelayError) => void;
  readonly clock?: Clock;
}

/** Sound as one block per channel; all blocks are of one length. */
export type SoundBlock = readonly Float32Array<ArrayBuffer>[];

/** Blocks in the encoder at which sound is dropped. An audio encoder is hundreds of times faster than the sound it encodes. */
const MAX_QUEUED = 100;

/** An AudioEncoder whose packets are timed by the samples that went in, started again when it fails. */
export class SoundEncoder {
  readonly #options: SoundEncoderOptions;
  readonly #restarts: EncoderRestarts;
  #encoder: AudioEncoder | undefined;
  #stopped = false;

  constructor(options: SoundEncoderOptions) {
    this.#options = options;
    this.#restarts = new EncoderRestarts(options.clock ?? systemClock);
    this.#open();
  }

  /** `startFrame` counts sample frames from the start of the stream. */
  encode(block: SoundBlock, startFrame: number): void {
    const encoder = this.#encoder;
    if (encoder?.state !== "configured" || encoder.encodeQueueSize > MAX_QUEUED) return;
    const data = audioData(block, { startFrame, sampleRate: this.#options.config.sampleRate });
    if (data === undefined) return;
    try {
      encoder.encode(data);
    } catch (thrown) {
      this.#fail(encoder, thrown);
    } finally {
      data.close();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const encoder = this.#encoder;
    if (encoder?.state !== "configured") return;
    await encoder.flush().catch(() => undefined);
    closeCodec(encoder);
  }

  #open(): void {
    const encoder: AudioEncoder = new AudioEncoder({
      output: (chunk) => {
        if (encoder === this.#encoder) this.#options.onPacket(packetOf(chunk));
      },
      error: (error) => this.#fail(encoder, error),
    });
    this.#encoder = encoder;
    try {
      encoder.configure(this.#options.config);
    } catch (thrown) {
      this.#fail(encoder, thrown);
    }
  }

  #fail(encoder: AudioEncoder, thrown: unknown): void {
    if (encoder !== this.#encoder || this.#stopped) return;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const error = new RelayError("encoder-failed", `the encoder of ${this.#options.config.codec} failed: ${reason}`, {
      cause: thrown,
    });
    closeCodec(encoder);
    this.#encoder = undefined;
    if (this.#restarts.allow()) {
      this.#options.onRestart(error);
      this.#open();
      return;
    }
    this.#stopped = true;
    this.#options.onFailed(error);
  }
}

function packetOf(chunk: EncodedAudioChunk): EncodedPacket {
  const bytes = new Uint8Array(chunk.byteLength);
  chunk.copyTo(bytes);
  return {
    kind: "audio",
    bytes,
    timestampUs: chunk.timestamp,
    durationUs: chunk.duration ?? 20_000,
    key: chunk.type === "key",
  };
}

/** An AudioData of planar floats; undefined for an empty block. */
function audioData(
  block: SoundBlock,
  at: { readonly startFrame: number; readonly sampleRate: number },
): AudioData | undefined {
  const frames = block[0]?.length ?? 0;
  if (frames === 0) return undefined;
  const data = new Float32Array(frames * block.length);
  for (const [channel, samples] of block.entries()) data.set(samples, channel * frames);
  return new AudioData({
    format: "f32-planar",
    sampleRate: at.sampleRate,
    numberOfFrames: frames,
    numberOfChannels: block.length,
    timestamp: Math.round((at.startFrame * 1e6) / at.sampleRate),
    data,
  });
}

/** Encodes a little silence and tells how the result is decoded. @throws RelayError `encoder-failed` */
export async function probeAudioDecoder(config: AudioEncoderConfig): Promise<AudioDecoderConfig> {
  return await new Promise<AudioDecoderConfig>((resolve, reject) => {
    const failed = (reason: string, cause?: unknown) =>
      reject(new RelayError("encoder-failed", `the encoder of ${config.codec} ${reason}`, { cause }));
    const encoder = new AudioEncoder({
      output: (_, metadata) => {
        if (metadata?.decoderConfig !== undefined) resolve(metadata.decoderConfig);
      },
      error: (error) => failed(`failed: ${error.message}`, error),
    });
    const frames = Math.round(config.sampleRate / 10);
    const silence = Array.from({ length: config.numberOfChannels }, () => new Float32Array(frames));
    encoder.configure(config);
    const data = audioData(silence, { startFrame: 0, sampleRate: config.sampleRate });
    if (data !== undefined) {
      encoder.encode(data);
      data.close();
    }
    endProbe(encoder, "sound", failed);
  });
}
