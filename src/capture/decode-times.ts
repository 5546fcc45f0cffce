import type { EncodedPacket } from "./source.ts";

/** A packet and the time it has to be decoded at. */
export interface TimedPacket {
  readonly packet: EncodedPacket;
  readonly decodeUs: number;
}

/** The most frames any codec lets follow in output what they precede in decoding: H.264 max_num_reorder_frames, A.3.1. */
const MAX_REORDER = 16;

/**
 * Decode times for packets that know only when they are shown: the n-th packet in decode order is decoded at the n-th smallest
 * presentation time. Times therefore never fall, and are those of presentation where nothing is reordered.
 */
export class DecodeTimes {
  #window: number;
  /** Packets without a decode time yet, in decode order, and the presentation times not yet given out, ascending. */
  readonly #packets: EncodedPacket[] = [];
  readonly #timesUs: number[] = [];
  #lastUs = Number.NEGATIVE_INFINITY;

  /**
   * Without reordering no packet is held back; with it, one more than its depth is, since that was found in the beginning of a
   * file and may be a little more later.
   */
  constructor(reorderDepth: number) {
    this.#window = reorderDepth === 0 ? 0 : Math.min(reorderDepth + 1, MAX_REORDER);
  }

  /** Packets whose decode time is now certain. */
  push(packet: EncodedPacket): TimedPacket[] {
    // Shown before a time that was given out: more is reordered than the beginning of the file told.
    if (packet.timestampUs < this.#lastUs) this.#window = Math.min(this.#window + 1, MAX_REORDER);
    this.#packets.push(packet);
    let at = this.#timesUs.length;
    while (at > 0 && (this.#timesUs[at - 1] ?? 0) > packet.timestampUs) at--;
    this.#timesUs.splice(at, 0, packet.timestampUs);
    // With one frame more than may be reordered in hand, none that is still to come can be shown before the earliest.
    return this.#take(this.#packets.length - this.#window);
  }

  flush(): TimedPacket[] {
    return this.#take(this.#packets.length);
  }

  #take(count: number): TimedPacket[] {
    const taken: TimedPacket[] = [];
    for (let i = 0; i < count; i++) {
      const packet = this.#packets.shift();
      const timeUs = this.#timesUs.shift();
      if (packet === undefined || timeUs === undefined) break;
      // A source that reorders without saying so, or repeats a time, must not make decoding go backwards.
      this.#lastUs = Math.max(timeUs, this.#lastUs + 1);
      taken.push({ packet, decodeUs: this.#lastUs });
    }
    return taken;
  }
}
