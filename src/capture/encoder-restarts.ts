import type { Clock } from "../model/clock.ts";

/** How often an encoder may be started again before it counts as broken. */
const MAX_RESTARTS = 3;
const WITHIN_MS = 30_000;
/** How long an encoder may take for the first it gives: a driver that hangs never says so. */
export const PROBE_DEADLINE_MS = 15_000;

/** Counts the restarts of an encoder: some fail once, on a driver's reset or a lost GPU, and some always. */
export class EncoderRestarts {
  readonly #clock: Pick<Clock, "now">;
  readonly #timesMs: number[] = [];

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Whether it may be started again now; counts that it is. */
  allow(): boolean {
    const nowMs = this.#clock.now();
    while (this.#timesMs[0] !== undefined && nowMs - this.#timesMs[0] > WITHIN_MS) this.#timesMs.shift();
    if (this.#timesMs.length >= MAX_RESTARTS) return false;
    this.#timesMs.push(nowMs);
    return true;
  }
}

/** Closes a WebCodecs encoder, whatever state it is in by now. */
export function closeCodec(codec: { readonly state: "unconfigured" | "configured" | "closed"; close(): void }): void {
  if (codec.state !== "closed") codec.close();
}
