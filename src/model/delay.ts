import type { Clock } from "./clock.ts";
import { onAbort } from "./on-abort.ts";

/** Resolves after `delayMs`; rejects with the signal's reason when it aborts before. */
export function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const cancelTimer = clock.after(delayMs, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      cancelTimer();
      reject(signal.reason);
    });
  });
}
