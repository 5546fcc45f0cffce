import type { ManifestStats } from "./manifest-types.ts";
import type { Ticks } from "./tags.ts";

/** What of a part decides whether its producer kept to the rules. */
interface PartFacts {
  readonly independent: boolean;
  readonly gap: boolean;
  readonly ticks: Ticks;
}

/** Counts what a producer did that a playlist can show but not mend. */
export class ProducerFaults {
  readonly #partTarget: Ticks;
  /** The last part may still turn out to be too short. */
  #lastIsShort = false;
  /** The open segment holds no frame yet: the first one decides whether it can be decoded on its own (rule 26). */
  #awaitsFrame = false;
  #shortParts = 0;
  #dependentSegments = 0;

  constructor(partTarget: Ticks) {
    this.#partTarget = partTarget;
  }

  get stats(): ManifestStats {
    return { shortParts: this.#shortParts, dependentSegments: this.#dependentSegments };
  }

  add(part: PartFacts, opensSegment: boolean): void {
    const { independent, gap } = part;
    if (opensSegment) this.#awaitsFrame = true;
    else if (this.#lastIsShort && !gap) this.#shortParts++;
    if (this.#awaitsFrame && !gap && !independent) this.#dependentSegments++;
    this.#goOn(part, this.#awaitsFrame && gap);
  }

  /** Goes on behind a segment of an earlier run, whose faults are not counted again. */
  restore(last: PartFacts, isWithoutFrame: boolean): void {
    this.#goOn(last, isWithoutFrame);
  }

  #goOn({ independent, gap, ticks }: PartFacts, awaitsFrame: boolean): void {
    this.#awaitsFrame = awaitsFrame;
    // Rule 15: at least 85 % of the part target, unless it is excused; the next part tells whether it was the segment's last.
    this.#lastIsShort = !independent && !gap && ticks * 100 < this.#partTarget * 85;
  }
}
