import { checkNumber } from "../../model/checks.ts";
import { RelayError } from "../../model/errors.ts";
import { FRAME_RATE } from "./moving-picture.ts";

/** From one key frame to the next. */
export const KEY_FRAME_MS = 1000;
/** In how many parts the frames of a second can be cut, so that all of them have as many. */
const CUTS = [1, 2, 3, 5, 6, 10, 15, 30] as const;
/** What a part may be longer than asked: 333 means a third. */
const SLACK = 1.01;

/** How the second between two key frames is cut. */
export class PartGrid {
  /** What every part of pictures lasts. */
  readonly partMs: number;
  readonly framesPerPart: number;
  readonly #parts: number;

  /** @throws RelayError `invalid-option` */
  constructor(partTargetMs: number) {
    checkNumber("partTargetMs", partTargetMs, 33, 60_000);
    this.#parts = CUTS.find((parts) => KEY_FRAME_MS / parts <= partTargetMs * SLACK) ?? FRAME_RATE;
    this.partMs = KEY_FRAME_MS / this.#parts;
    this.framesPerPart = FRAME_RATE / this.#parts;
  }

  /** When part `n` begins. @throws RelayError `invalid-option` */
  startMs(n: number): number {
    if (!Number.isSafeInteger(n) || n < 0)
      throw new RelayError("invalid-option", `part: expected a whole number from 0, got ${String(n).slice(0, 80)}`);
    return (n * KEY_FRAME_MS) / this.#parts;
  }

  isIndependent(n: number): boolean {
    return n % this.#parts === 0;
  }
}
