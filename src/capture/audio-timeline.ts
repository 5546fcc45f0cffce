export interface AudioTimelineOptions {
  readonly sampleRate: number;
  /** Sound and pictures part by this much before samples are dropped or silence goes in. Default 20. */
  readonly maxDriftMs?: number;
  /** Over how much sound the delay is measured. Default 1000. */
  readonly windowMs?: number;
  /** Where it begins, in sample frames from the start of the stream. Default 0. */
  readonly startFrame?: number;
}

/** What to do with a block of sound, in sample frames: silence first, then the block without its first `dropFrames`. */
export interface Placement {
  readonly silenceFrames: number;
  readonly dropFrames: number;
  /** Where the silence, or else the block, begins, in sample frames from the start of the stream. */
  readonly startFrame: number;
}

/** A hole is filled at once up to this; beyond it in steps, so that a machine that slept does not wake to an hour of silence. */
const MAX_SILENCE_MS = 2_000;

/**
 * Counts sound in samples and holds it to the clock of the pictures. A sound card's clock is off by up to 200 millionths and loses
 * buffers; timestamps taken from arrival would jitter instead. Delay only ever adds to arrival, so the least delay of a window is
 * what the clocks tell of each other.
 */
export class AudioTimeline {
  readonly #sampleRate: number;
  readonly #maxDriftMs: number;
  readonly #windowFrames: number;
  #frames: number;
  #windowEnd: number;
  #leastDelayMs = Number.POSITIVE_INFINITY;
  #driftMs = 0;
  #corrections = 0;
  #started = false;
  /** Frames still to be dropped, from the blocks that come. */
  #surplus = 0;

  constructor({ sampleRate, maxDriftMs = 20, windowMs = 1_000, startFrame = 0 }: AudioTimelineOptions) {
    this.#sampleRate = sampleRate;
    this.#maxDriftMs = maxDriftMs;
    this.#windowFrames = (windowMs * sampleRate) / 1000;
    this.#frames = startFrame;
    this.#windowEnd = startFrame + this.#windowFrames;
  }

  /** How far the sound was behind the clock when last measured; negative when ahead. */
  get driftMs(): number {
    return this.#driftMs;
  }

  /** How often samples were dropped or silence inserted. */
  get corrections(): number {
    return this.#corrections;
  }

  /** End of the sound so far, on the clock of the pictures. */
  get endMs(): number {
    return this.#ms(this.#frames);
  }

  /** Takes a block that was wholly there at `clockMs`, counted from the first picture. */
  admit(blockFrames: number, clockMs: number): Placement {
    if (!this.#started) {
      this.#started = true;
      // The first block was captured up to now; what is older than the first picture goes.
      return this.#place(this.#framesOf(clockMs) - blockFrames - this.#frames, blockFrames);
    }
    if (this.#surplus > 0) return this.#place(0, blockFrames);
    const delayMs = clockMs - this.#ms(this.#frames + blockFrames);
    this.#leastDelayMs = Math.min(this.#leastDelayMs, delayMs);
    if (this.#frames + blockFrames < this.#windowEnd) return this.#place(0, blockFrames);
    this.#driftMs = this.#leastDelayMs;
    const correction = Math.abs(this.#driftMs) > this.#maxDriftMs ? this.#framesOf(this.#driftMs) : 0;
    if (correction !== 0) {
      this.#corrections++;
      this.#driftMs = 0;
    }
    const placement = this.#place(correction, blockFrames);
    this.#openWindow();
    return placement;
  }

  /** Silence that is due because no sound has come: brings the end up to `clockMs` less `lagMs`. Undefined when none is due. */
  fill(clockMs: number, lagMs: number): Placement | undefined {
    const missing = this.#framesOf(Math.min(clockMs - lagMs - this.endMs, MAX_SILENCE_MS));
    if (missing <= 0) return undefined;
    this.#started = true;
    const startFrame = this.#frames;
    this.#frames += missing;
    this.#surplus = 0;
    // What was measured before the hole says nothing about after it.
    this.#openWindow();
    return { silenceFrames: missing, dropFrames: 0, startFrame };
  }

  /** `correction` frames of silence, or fewer frames of sound. */
  #place(correction: number, blockFrames: number): Placement {
    const most = this.#framesOf(MAX_SILENCE_MS);
    const silenceFrames = Math.min(Math.max(0, correction), most);
    this.#surplus += Math.max(0, -correction);
    const dropFrames = Math.min(this.#surplus, blockFrames);
    this.#surplus -= dropFrames;
    const startFrame = this.#frames;
    this.#frames += silenceFrames + blockFrames - dropFrames;
    return { silenceFrames, dropFrames, startFrame };
  }

  #openWindow(): void {
    this.#windowEnd = this.#frames + this.#windowFrames;
    this.#leastDelayMs = Number.POSITIVE_INFINITY;
  }

  #ms(frames: number): number {
    return (frames * 1000) / this.#sampleRate;
  }

  #framesOf(ms: number): number {
    return Math.round((ms * this.#sampleRate) / 1000);
  }
}
