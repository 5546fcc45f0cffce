import { closeCodec } from "./encoder-restarts.ts";
import { LevelMeter, type SoundLevel } from "./level-meter.ts";
import type { EncodedPacket } from "./source.ts";

/** Packets in the decoder beyond which none is measured: a meter may miss some. */
const MAX_QUEUED = 50;

/** Measures packets of sound that pass through, by decoding them beside. Where they cannot be decoded there are no levels. */
export class PacketMeter {
  readonly #config: AudioDecoderConfig;
  readonly #second: LevelMeter;
  readonly #moment: LevelMeter;
  #decoder: AudioDecoder | undefined;
  #isStopped = false;

  constructor(config: AudioDecoderConfig) {
    this.#config = config;
    const channels = Math.min(2, config.numberOfChannels);
    this.#second = new LevelMeter(channels);
    this.#moment = new LevelMeter(channels);
    void this.#open(channels);
  }

  add({ bytes, timestampUs, durationUs }: EncodedPacket): void {
    const decoder = this.#decoder;
    if (decoder?.state !== "configured" || decoder.decodeQueueSize > MAX_QUEUED) return;
    decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: timestampUs, duration: durationUs, data: bytes }));
  }

  readSecond(): SoundLevel[] {
    return this.#decoder === undefined ? [] : this.#second.read();
  }

  readMoment(): SoundLevel[] {
    return this.#decoder === undefined ? [] : this.#moment.read();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#decoder !== undefined) closeCodec(this.#decoder);
    this.#decoder = undefined;
  }

  async #open(channels: number): Promise<void> {
    if (typeof AudioDecoder === "undefined") return;
    const { supported } = await AudioDecoder.isConfigSupported(this.#config).catch(() => ({ supported: false }));
    if (supported !== true || this.#isStopped) return;
    const decoder: AudioDecoder = new AudioDecoder({
      output: (data) => {
        const block = Array.from({ length: channels }, (_, channel) => {
          const plane = new Float32Array(data.numberOfFrames);
          // What a file says of its channels, its packets may not hold; a throw in here would end the worker's capture.
          const planeIndex = Math.min(channel, data.numberOfChannels - 1);
          data.copyTo(plane, { planeIndex, format: "f32-planar" });
          return plane;
        });
        data.close();
        this.#second.add(block);
        this.#moment.add(block);
      },
      error: () => {
        if (this.#decoder === decoder) this.#decoder = undefined;
      },
    });
    decoder.configure(this.#config);
    this.#decoder = decoder;
  }
}
