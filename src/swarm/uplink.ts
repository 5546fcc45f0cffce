/** What an uplink is taken for while nobody knows. */
const GUESSED_BPS = 4_000_000;
const MAX_BPS = 100_000_000;
const MIN_BPS = 200_000;
const STEP_MS = 1000;
const GROW = 1.15;
const SHRINK = 0.85;
/** What stays in the links for so long says that less leaves than was thought. */
const HELD_MS = 250;

/** What leaves of what is handed out: grows while it leaves at once, shrinks while the links hold it. Never more than was declared. */
export class Uplink {
  readonly #maxBps: number;
  #bps: number;
  #nextMs: number;

  constructor(declaredBps: number, nowMs: number) {
    this.#maxBps = declaredBps > 0 ? declaredBps : MAX_BPS;
    this.#bps = declaredBps > 0 ? declaredBps : GUESSED_BPS;
    this.#nextMs = nowMs + STEP_MS;
  }

  get bps(): number {
    return this.#bps;
  }

  /** `heldBytes` is what the links have not sent yet of what they were given. */
  measure({ nowMs, heldBytes, isBusy }: { nowMs: number; heldBytes: () => number; isBusy: boolean }): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + STEP_MS;
    if ((heldBytes() * 8000) / this.#bps > HELD_MS) this.#bps = Math.max(MIN_BPS, this.#bps * SHRINK);
    else if (isBusy) this.#bps = Math.min(this.#maxBps, this.#bps * GROW);
  }
}
