import type { SoundBlock } from "./audio-encoder.ts";
import type { Decoded, DecodedStream } from "./file-frames.ts";
import type { PacedLane } from "./file-pacer.ts";
import { mixDown, Resampler, SampleTimeline } from "./file-sound.ts";
import type { LoopTimeline } from "./file-timeline.ts";

export interface Closable {
  close(): void;
}

/** Takes one picture for each slot of a grid. */
export interface SlotEncoder<Picture> {
  encode(picture: Picture): void;
}

export interface VideoEncodeOptions<Picture extends Closable> {
  readonly stream: DecodedStream<Picture>;
  readonly timeline: LoopTimeline;
  readonly frameRate: number;
  readonly encoder: SlotEncoder<Picture>;
  /** A round lasts at least up to here, in the file's own time: the last picture stays while the sound goes on. */
  readonly holdUntilUs?: number;
  readonly onFileEnd?: (endUs: number) => void;
}

/** A slot takes the picture that is due by its middle, so that clocks that round do not make one picture come twice. */
const SLOT_SHARE = 0.25;

/** Decoded video on a grid: slot n, at n / frameRate, gets the newest picture of its time. It leads. */
export class VideoEncodeLane<Picture extends Closable> implements PacedLane {
  readonly #options: VideoEncodeOptions<Picture>;
  #slot = 0;
  #round = 0;
  /** The picture on show, and the one after it. */
  #shown: Picture | undefined;
  #next: Decoded<Picture> | undefined;
  #fileEnded = false;
  #sourceEndUs = 0;
  #over = false;

  constructor(options: VideoEncodeOptions<Picture>) {
    this.#options = options;
  }

  async head(): Promise<number | undefined> {
    const { timeline, frameRate } = this.#options;
    const slotUs = (this.#slot * 1e6) / frameRate;
    const dueUs = slotUs + (SLOT_SHARE * 1e6) / frameRate;
    while (!this.#over) {
      await this.#fill();
      if (this.#next !== undefined) {
        // The first picture is shown from the start, whatever its time.
        if (this.#shown !== undefined && timeline.place(this.#round, this.#next.timestampUs) > dueUs) return slotUs;
        this.#show(this.#next.media);
        this.#next = undefined;
        continue;
      }
      if (dueUs < this.#roundEndUs() && this.#shown !== undefined) return slotUs;
      await this.#closeRound();
    }
    return undefined;
  }

  give(): void {
    if (this.#shown !== undefined) this.#options.encoder.encode(this.#shown);
    this.#slot++;
  }

  close(): void {
    this.#over = true;
    this.#shown?.close();
    this.#shown = undefined;
    this.#next?.media.close();
    this.#next = undefined;
    void this.#options.stream.close();
  }

  #show(picture: Picture): void {
    this.#shown?.close();
    this.#shown = picture;
  }

  async #fill(): Promise<void> {
    if (this.#next !== undefined || this.#fileEnded) return;
    const decoded = await this.#options.stream.next();
    if (this.#over) {
      decoded?.media.close();
      return;
    }
    this.#next = decoded;
    if (decoded === undefined) {
      this.#fileEnded = true;
      this.#options.onFileEnd?.(this.#sourceEndUs);
    } else {
      const frameUs = 1e6 / this.#options.frameRate;
      this.#sourceEndUs = Math.max(
        this.#sourceEndUs,
        decoded.timestampUs + (decoded.durationUs > 0 ? decoded.durationUs : frameUs),
      );
    }
  }

  #roundEndUs(): number {
    const { timeline, holdUntilUs = 0 } = this.#options;
    return timeline.place(this.#round, Math.max(this.#sourceEndUs, holdUntilUs));
  }

  async #closeRound(): Promise<void> {
    if (!this.#options.timeline.close(this.#round, this.#roundEndUs()) || this.#shown === undefined) {
      this.#over = true;
      return;
    }
    this.#round++;
    this.#fileEnded = false;
    await this.#options.stream.restart();
  }
}

/** Takes blocks of sound end to end. */
export interface BlockEncoder {
  encode(block: SoundBlock, startFrame: number): void;
}

export interface DecodedSound {
  readonly numberOfFrames: number;
  readonly sampleRate: number;
  close(): void;
}

export interface AudioEncodeOptions<Sound extends DecodedSound> {
  readonly stream: DecodedStream<Sound>;
  readonly channelsOf: (sound: Sound) => SoundBlock;
  readonly timeline: LoopTimeline;
  readonly encoder: BlockEncoder;
  /** What the encoder takes. */
  readonly sampleRate: number;
  readonly channels: number;
  /** There is no video: the sound says how long a round lasts. */
  readonly leads: boolean;
  readonly onFileEnd?: (endUs: number) => void;
}

const SILENCE_MS = 20;

/** Decoded sound, at most two channels, end to end, with silence where the file has none. */
export class AudioEncodeLane<Sound extends DecodedSound> implements PacedLane {
  readonly #options: AudioEncodeOptions<Sound>;
  readonly #samples: SampleTimeline;
  #resampler: { readonly fromRate: number; readonly resampler: Resampler } | undefined;
  #round = 0;
  #block: { readonly channels: SoundBlock; readonly timestampUs: number } | undefined;
  #fileEnded = false;
  #sourceEndUs = 0;
  #silenceFrames = 0;
  #dropFrames = 0;

  constructor(options: AudioEncodeOptions<Sound>) {
    this.#options = options;
    this.#samples = new SampleTimeline(options.sampleRate);
  }

  async head(limitUs: number): Promise<number | undefined> {
    const { timeline, leads, sampleRate } = this.#options;
    const samples = this.#samples;
    for (;;) {
      if (samples.nextUs > limitUs) return undefined;
      await this.#fill();
      const endUs = leads && this.#fileEnded ? samples.nextUs : timeline.endUs(this.#round);
      const left = endUs === undefined ? Number.POSITIVE_INFINITY : samples.framesAt(endUs) - samples.frames;
      if (left <= 0) {
        if (!(await this.#nextRound(endUs ?? samples.nextUs))) return undefined;
        continue;
      }
      if (this.#block === undefined) {
        this.#silenceFrames = Math.min(left, (SILENCE_MS * sampleRate) / 1000);
        return samples.nextUs;
      }
      const blockFrames = this.#block.channels[0]?.length ?? 0;
      const place = samples.place(timeline.place(this.#round, this.#block.timestampUs), blockFrames);
      if (place.dropFrames >= blockFrames) {
        this.#block = undefined;
        continue;
      }
      this.#dropFrames = place.dropFrames;
      this.#silenceFrames = Math.min(place.silenceFrames, left, (SILENCE_MS * sampleRate) / 1000);
      return samples.nextUs;
    }
  }

  give(): void {
    const { encoder, channels, sampleRate, timeline } = this.#options;
    const samples = this.#samples;
    if (this.#silenceFrames > 0 || this.#block === undefined) {
      const frames = Math.max(1, Math.round(this.#silenceFrames || (SILENCE_MS * sampleRate) / 1000));
      encoder.encode(
        Array.from({ length: channels }, () => new Float32Array(frames)),
        samples.take(frames),
      );
      return;
    }
    const endUs = timeline.endUs(this.#round);
    const left = endUs === undefined ? Number.POSITIVE_INFINITY : samples.framesAt(endUs) - samples.frames;
    const block = this.#block.channels.map((channel) => channel.slice(this.#dropFrames, this.#dropFrames + left));
    this.#block = undefined;
    encoder.encode(block, samples.take(block[0]?.length ?? 0));
  }

  close(): void {
    void this.#options.stream.close();
  }

  async #fill(): Promise<void> {
    if (this.#block !== undefined || this.#fileEnded) return;
    const { stream, channelsOf, channels, onFileEnd } = this.#options;
    const decoded = await stream.next();
    if (decoded === undefined) {
      this.#fileEnded = true;
      onFileEnd?.(this.#sourceEndUs);
      return;
    }
    this.#sourceEndUs = decoded.timestampUs + decoded.durationUs;
    const mixed = mixDown(channelsOf(decoded.media));
    const fromRate = decoded.media.sampleRate;
    decoded.media.close();
    if (this.#resampler?.fromRate !== fromRate) {
      this.#resampler = { fromRate, resampler: new Resampler(fromRate, this.#options.sampleRate) };
    }
    const block = this.#resampler.resampler.convert(mixed);
    // A track may change its channels on the way; the encoder's stay.
    const fitted = Array.from({ length: channels }, (_, index) => block[index] ?? block[0] ?? new Float32Array(0));
    this.#block = { channels: fitted, timestampUs: decoded.timestampUs };
  }

  async #nextRound(endUs: number): Promise<boolean> {
    const { timeline, stream, leads } = this.#options;
    const more = leads ? timeline.close(this.#round, endUs) : timeline.follows(this.#round);
    if (!more) {
      this.#block = undefined;
      this.#fileEnded = true;
      return false;
    }
    this.#round++;
    if (!timeline.restarts(this.#round)) return true;
    this.#block = undefined;
    this.#fileEnded = false;
    await stream.restart();
    return true;
  }
}
