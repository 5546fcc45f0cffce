import type { AudioSample, AudioSampleSink, EncodedPacketSink, VideoSample, VideoSampleSink } from "mediabunny";
import type { SoundBlock } from "./audio-encoder.ts";
import { sourceLost } from "./file-packets.ts";

/** Something decoded, with its place in the file's own time. */
export interface Decoded<Media> {
  readonly media: Media;
  readonly timestampUs: number;
  readonly durationUs: number;
}

/** Decoded media of one track in presentation order, over and over. Whoever takes one closes it. */
export interface DecodedStream<Media> {
  /** `undefined` at the end. @throws RelayError `source-lost` */
  next(): Promise<Decoded<Media> | undefined>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

type Sample = VideoSample | AudioSample;
interface SampleSink<Media extends Sample> {
  samples(startS?: number): AsyncGenerator<Media, void, unknown>;
}

export interface DecodedReaderOptions<Media extends Sample> {
  readonly samples: SampleSink<Media>;
  readonly packets: Pick<EncodedPacketSink, "getPacket" | "getNextKeyPacket">;
  /** Nothing before it is given. */
  readonly fromUs: number;
  /** Where the first round begins; the others begin at `fromUs`. */
  readonly startUs?: number;
  /** See PacketReaderOptions. */
  readonly readable: () => Promise<boolean>;
  readonly onDamage: (atUs: number) => void;
}

const MAX_DAMAGED_PLACES = 16;

/** Decodes one track; the decoder is a bounded number of frames ahead. What cannot be decoded is passed over up to the next key frame. */
class DecodedReader<Media extends Sample> implements DecodedStream<Media> {
  readonly #options: DecodedReaderOptions<Media>;
  #samples: AsyncGenerator<Media, void, unknown>;
  #lastS: number;
  #damagedPlaces = 0;

  constructor(options: DecodedReaderOptions<Media>) {
    this.#options = options;
    this.#lastS = Math.max(options.fromUs, options.startUs ?? 0) / 1e6;
    this.#samples = options.samples.samples(this.#lastS);
  }

  async next(): Promise<Decoded<Media> | undefined> {
    for (;;) {
      try {
        const { value, done } = await this.#samples.next();
        if (done === true) return undefined;
        this.#lastS = Math.max(this.#lastS, value.timestamp);
        return { media: value, timestampUs: value.timestamp * 1e6, durationUs: value.duration * 1e6 };
      } catch (thrown) {
        if (!(await this.#options.readable())) throw sourceLost(thrown);
        this.#options.onDamage(Math.round(this.#lastS * 1e6));
        if (++this.#damagedPlaces > MAX_DAMAGED_PLACES || !(await this.#skip())) return undefined;
      }
    }
  }

  async restart(): Promise<void> {
    await this.#samples.return();
    this.#damagedPlaces = 0;
    this.#lastS = this.#options.fromUs / 1e6;
    this.#samples = this.#options.samples.samples(this.#lastS);
  }

  async close(): Promise<void> {
    await this.#samples.return();
  }

  /** Goes on at the next key frame after what was decoded last. */
  async #skip(): Promise<boolean> {
    await this.#samples.return();
    const { packets, samples } = this.#options;
    try {
      const last = await packets.getPacket(this.#lastS, { metadataOnly: true });
      const next = last === null ? null : await packets.getNextKeyPacket(last, { metadataOnly: true });
      if (next === null) return false;
      this.#lastS = next.timestamp;
      this.#samples = samples.samples(next.timestamp);
      return true;
    } catch {
      return false;
    }
  }
}

/** Frames of a video track. */
export function decodeVideo(
  samples: VideoSampleSink,
  options: Omit<DecodedReaderOptions<VideoSample>, "samples">,
): DecodedStream<VideoSample> {
  return new DecodedReader({ ...options, samples });
}

/** Sound of an audio track, in blocks of the decoder's size. */
export function decodeAudio(
  samples: AudioSampleSink,
  options: Omit<DecodedReaderOptions<AudioSample>, "samples">,
): DecodedStream<AudioSample> {
  return new DecodedReader({ ...options, samples });
}

/** The channels of a block as floats. */
export function channelsOf(sample: AudioSample): SoundBlock {
  return Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(sample.numberOfFrames);
    sample.copyTo(samples, { planeIndex, format: "f32-planar" });
    return samples;
  });
}
