/**
 * Looks over H.264 samples before players get them: a player appends many at once, and one that is damaged ends its playback.
 * Finds NAL units that lead outside of their sample, and what can stand in none: the zeros of a file that was not wholly copied.
 */
export class AvcSamples {
  readonly #lengthSize: number;

  /** @param description AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) */
  constructor(description: Uint8Array) {
    this.#lengthSize = ((description[4] ?? 3) & 3) + 1;
  }

  /** False when something is certainly wrong with the sample. */
  intact(sample: Uint8Array): boolean {
    let offset = 0;
    while (offset < sample.length) {
      const start = offset + this.#lengthSize;
      const end = start + this.#readLength(sample, offset);
      if (end <= start || end > sample.length || hasThreeZeros(sample, start, end)) return false;
      offset = end;
    }
    return offset > 0;
  }

  #readLength(sample: Uint8Array, offset: number): number {
    let length = 0;
    for (let i = 0; i < this.#lengthSize; i++) length = length * 256 + (sample[offset + i] ?? 0);
    return length;
  }
}

/** ITU-T H.264, 7.4.1: within a NAL unit the sequence 0x000000 shall not occur at any byte position. */
function hasThreeZeros(sample: Uint8Array, start: number, end: number): boolean {
  for (let at = sample.indexOf(0, start); at !== -1 && at < end - 2; at = sample.indexOf(0, at + 1)) {
    if (sample[at + 1] === 0 && sample[at + 2] === 0) return true;
  }
  return false;
}
