interface Closed {
  readonly sizeBytes: number;
  readonly durationMs: number;
}

/**
 * What a rendition really takes, for BANDWIDTH and AVERAGE-BANDWIDTH.
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.6.2: the peak is that of any contiguous segments which together last between
 * 0.5 and 1.5 target durations
 */
export class BitRate {
  readonly #targetDurationMs: number;
  /** The last segments, of 1.5 target durations at most. */
  #recent: Closed[] = [];
  #sizeBytes = 0;
  #durationMs = 0;
  #peak = 0;

  constructor(targetDurationMs: number) {
    this.#targetDurationMs = targetDurationMs;
  }

  /** Bits per second; undefined until a segment was added. */
  get measured(): { readonly peak: number; readonly average: number } | undefined {
    if (this.#durationMs === 0) return undefined;
    const average = (this.#sizeBytes * 8000) / this.#durationMs;
    // A first segment shorter than half a target duration has no peak of its own.
    return { peak: Math.max(this.#peak, average), average };
  }

  /** Counts a segment that has closed. */
  add(segment: Closed): void {
    this.#sizeBytes += segment.sizeBytes;
    this.#durationMs += segment.durationMs;
    this.#recent.push(segment);
    let sizeBytes = 0;
    let durationMs = 0;
    for (let index = this.#recent.length - 1; index >= 0; index -= 1) {
      const one = this.#recent[index];
      if (one === undefined) break;
      if (durationMs + one.durationMs > 1.5 * this.#targetDurationMs) {
        this.#recent = this.#recent.slice(index + 1);
        break;
      }
      sizeBytes += one.sizeBytes;
      durationMs += one.durationMs;
      if (durationMs >= 0.5 * this.#targetDurationMs)
        this.#peak = Math.max(this.#peak, (sizeBytes * 8000) / durationMs);
    }
  }
}
