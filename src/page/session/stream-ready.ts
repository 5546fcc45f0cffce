import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";

/** How often the worker is asked: a person who waits for pictures does not feel it. */
const LOOK_EVERY_MS = 200;

export interface ReadyWait {
  readonly clock: Clock;
  /** Whether there is a playlist to be played. A worker that gives no answer has none. */
  readonly isThere: () => Promise<boolean>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Looks until it is there. @throws RelayError `deadline`; the signal's reason */
export async function untilThere({ clock, isThere, deadlineMs, signal }: ReadyWait): Promise<void> {
  const endMs = clock.now() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    if (await isThere().catch(() => false)) return;
    if (clock.now() >= endMs) throw new RelayError("deadline", `expected a stream within ${deadlineMs} ms, got none`);
    await passed(clock, LOOK_EVERY_MS, signal);
  }
}

/** Resolves after a while, or when the signal aborts. */
function passed(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(durationMs, done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
