/** Where a round stands on both clocks. */
interface Round {
  readonly startUs: number;
  /** The source's time that is shown at `startUs`. */
  readonly originUs: number;
  /** It begins with the file's first packet again, and not with the next one. */
  readonly restarts: boolean;
}

/** Nobody is further behind the leading track than this. */
const MAX_ROUNDS_KEPT = 64;

/**
 * A file on one timeline that only grows, in rounds: one for each time that it is played, and one for each place that is cut
 * out because it is damaged or empty. The video leads: a round lasts as long as its frames do, so their cadence goes on over
 * the seam, and the sound follows. Without video the sound leads.
 */
export class LoopTimeline {
  readonly #loop: boolean;
  readonly #first: Round;
  readonly #restartUs: number;
  readonly #rounds = new Map<number, Round>();
  #lastRound = Number.POSITIVE_INFINITY;

  /** `originUs` is the source's time of the first frame that is given; it becomes 0. `restartUs`: of that of later rounds. */
  constructor(originUs: number, loop: boolean, restartUs = originUs) {
    this.#loop = loop;
    this.#restartUs = restartUs;
    this.#first = { startUs: 0, originUs, restarts: true };
    this.#rounds.set(0, this.#first);
  }

  /** Where a source time stands in a round that has begun. */
  place(round: number, timestampUs: number): number {
    const { startUs, originUs } = this.#rounds.get(round) ?? this.#first;
    return startUs + timestampUs - originUs;
  }

  /** The source's time that is shown at `us` on the timeline. */
  sourceUs(us: number): number {
    const begun = [...this.#rounds.values()].filter(({ startUs }) => startUs <= us).at(-1) ?? this.#first;
    return begun.originUs + us - begun.startUs;
  }

  /** Where a round ends; `undefined` while the leading track has not come to its end. */
  endUs(round: number): number | undefined {
    return this.#rounds.get(round + 1)?.startUs;
  }

  /** Tells that the file ended, and where on the timeline. Returns whether another round follows. */
  close(round: number, endUs: number): boolean {
    this.#open(round + 1, { startUs: endUs, originUs: this.#restartUs, restarts: true });
    // A round without length would repeat for ever without time passing.
    const more = this.#loop && endUs > (this.#rounds.get(round)?.startUs ?? 0);
    if (!more) this.#lastRound = round;
    return more;
  }

  /** The file goes on at `originUs`; what is between is cut out, of all tracks. */
  jump(round: number, endUs: number, originUs: number): void {
    this.#open(round + 1, { startUs: endUs, originUs, restarts: false });
  }

  follows(round: number): boolean {
    return round < this.#lastRound;
  }

  restarts(round: number): boolean {
    return this.#rounds.get(round)?.restarts ?? true;
  }

  #open(round: number, begin: Round): void {
    this.#rounds.set(round, begin);
    this.#rounds.delete(round - MAX_ROUNDS_KEPT);
  }
}

/** Where a packet of sound goes. */
export interface PlacedPacket {
  readonly timestampUs: number;
  /** Packets of silence to put before it. */
  readonly silentPackets: number;
}

/** Room for the rounding of container clocks around the half packet at which one is dropped or put in. */
const SLACK_US = 2_000;

/**
 * Encoded sound without gaps or overlaps: players count samples, so each hole would move the sound against the picture
 * for good. Packets are set end to end; where that differs from their own times by more than half a packet, one is
 * dropped or silence put in. The offset to the picture thus never passes half a packet, over any number of rounds.
 */
export class PacketTimeline {
  readonly #packetUs: number;
  #nextUs = 0;

  constructor(packetUs: number) {
    this.#packetUs = packetUs;
  }

  /** Where the next packet begins. */
  get nextUs(): number {
    return this.#nextUs;
  }

  /** Places a packet that belongs at `idealUs`; `undefined` when it comes too early and is to be dropped. */
  place(idealUs: number): PlacedPacket | undefined {
    const lateUs = idealUs - this.#nextUs;
    const toleranceUs = this.#packetUs / 2 + SLACK_US;
    if (lateUs < -toleranceUs) return undefined;
    const silentPackets = lateUs <= toleranceUs ? 0 : Math.round(lateUs / this.#packetUs);
    return { timestampUs: this.#nextUs + silentPackets * this.#packetUs, silentPackets };
  }

  /** Takes room for one packet; returns its start. */
  take(durationUs: number = this.#packetUs): number {
    const startUs = this.#nextUs;
    this.#nextUs += durationUs;
    return startUs;
  }
}
