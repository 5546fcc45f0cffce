import { type Clock, systemClock } from "../model/clock.ts";

/** How often an encoder may be started again before it counts as broken. */
const MAX_RESTARTS = 3;
const WITHIN_MS = 30_000;
/** How long an encoder may take for the first it gives: a driver that hangs never says so. */
const PROBE_DEADLINE_MS = 15_000;

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

type Failed = (reason: string, cause?: unknown) => void;

/** Ends a probe whose encoder was given its first picture or sound: one that has said nothing useful by then has failed, and so has one that takes too long. */
export function endProbe(encoder: AudioEncoder | VideoEncoder, first: "picture" | "sound", failed: Failed): void {
  const cancel = systemClock.after(PROBE_DEADLINE_MS, () => {
    failed(`gave no ${first} within ${PROBE_DEADLINE_MS / 1000} s`);
    closeCodec(encoder);
  });
  encoder
    .flush()
    .then(
      () => {
        closeCodec(encoder);
        failed("gave no decoder configuration");
      },
      (error: unknown) => failed(`failed at its first ${first}`, error),
    )
    .finally(cancel);
}
