import { ascii, join, u8 } from "../../media/box-writer.ts";
import type { PartTrackSamples } from "../../media/part-writer.ts";
import type { TrackSetup } from "../../media/sample-entry.ts";
import type { Bytes } from "../../model/bytes.ts";
import { AAC_TONE, OPUS_TONE } from "./tones.ts";

const SAMPLE_RATE = 48_000;
const SETUP = { kind: "audio", sampleRate: SAMPLE_RATE, channels: 1 } as const;
/** AAC-LC, 48 kHz, one channel. @see ISO/IEC 14496-3 1.6.2.1 */
const AUDIO_SPECIFIC_CONFIG = Uint8Array.of(0x11, 0x88);
/** One channel, 48 kHz, and nothing to skip: the tone has no beginning. @see RFC 7845 5.1 */
const OPUS_HEAD = join([ascii("OpusHead"), u8(1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)]);

/** A steady tone of 750 Hz, of one frame that comes again and again. */
export class Tone {
  readonly setup: TrackSetup;
  readonly #samplesPerFrame: number;
  readonly #frame: Bytes;

  private constructor(setup: TrackSetup, samplesPerFrame: number, frame: string) {
    this.setup = setup;
    this.#samplesPerFrame = samplesPerFrame;
    this.#frame = Uint8Array.from(atob(frame), (character) => character.charCodeAt(0));
  }

  static aac(): Tone {
    return new Tone({ ...SETUP, codec: "mp4a.40.2", description: AUDIO_SPECIFIC_CONFIG }, 1024, AAC_TONE);
  }

  static opus(): Tone {
    return new Tone({ ...SETUP, codec: "opus", description: OPUS_HEAD }, 960, OPUS_TONE);
  }

  get frameMs(): number {
    return (this.#samplesPerFrame / SAMPLE_RATE) * 1000;
  }

  /** Bits per second. */
  get bitrate(): number {
    return (this.#frame.byteLength * 8 * 1000) / this.frameMs;
  }

  /** Frames from number `first` up to `end`, which is not among them. */
  frames(trackId: number, first: number, end: number): PartTrackSamples {
    const frame = { bytes: this.#frame, durationTicks: this.#samplesPerFrame, sync: true, compositionOffsetTicks: 0 };
    return {
      trackId,
      baseTicks: first * this.#samplesPerFrame,
      samples: Array.from({ length: end - first }, () => frame),
    };
  }
}
