import type { MediaPart } from "../media/media-part.ts";
import { RelayError } from "../model/errors.ts";

/** Where encoders, clocks and rounding may put a part; no viewer notices. */
const TOLERANCE_MS = 50;
/** What a producer says of a duration may be off by this share, since its last sample's is often a guess. */
const DECLARED_SHARE = 0.05;
const DECLARED_MS = 20;

export interface TimelineLimits {
  /** Of the rendition, for messages. */
  readonly name: string;
  readonly targetDurationMs: number;
}

/**
 * Follows the decode times of a rendition. A part that overlaps the one before by more than 50 ms is refused, since players
 * would replace what they hold; one that leaps ahead is taken with a warning, up to a target duration, and refused beyond:
 * both need a discontinuity (rule 33). A gap's length is only said, so what follows one is taken where it stands.
 */
export class Timeline {
  readonly #limits: TimelineLimits;
  #expectedMs: number | undefined;

  constructor(limits: TimelineLimits) {
    this.#limits = limits;
  }

  /** Returns what should be warned of. @throws RelayError `timeline-jump`; nothing has changed */
  check({ startMs, durationMs }: MediaPart, declaredMs: number | undefined): string | undefined {
    const { name, targetDurationMs } = this.#limits;
    const aheadMs = this.#expectedMs === undefined ? 0 : startMs - this.#expectedMs;
    if (aheadMs < -TOLERANCE_MS || aheadMs > targetDurationMs) {
      throw new RelayError(
        "timeline-jump",
        `"${name}": expected a part at ${this.#expectedMs?.toFixed(0)} ms, got one at ${startMs.toFixed(0)} ms: say discontinuity() before it`,
      );
    }
    if (aheadMs > TOLERANCE_MS) return `${aheadMs.toFixed(0)} ms of media are missing before ${startMs.toFixed(0)} ms`;
    if (declaredMs === undefined) return undefined;
    const allowedMs = Math.max(DECLARED_MS, durationMs * DECLARED_SHARE);
    if (Math.abs(declaredMs - durationMs) <= allowedMs) return undefined;
    return `a part was said to last ${declaredMs.toFixed(1)} ms, and lasts ${durationMs.toFixed(1)} ms`;
  }

  /** This part was taken. */
  take({ startMs, durationMs }: MediaPart): void {
    this.#expectedMs = startMs + durationMs;
  }

  /** The next part may stand anywhere. */
  reset(): void {
    this.#expectedMs = undefined;
  }
}
