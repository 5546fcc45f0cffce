/**
 * Calls `step` at once, then `everyMs` after each time it is done, and again as soon as a hidden page is shown, whose timers
 * the browser slows down. Stops with `signal`; `step` deals with its own errors.
 */
export function poll(everyMs: number, signal: AbortSignal, step: () => Promise<void>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  const run = async (): Promise<void> => {
    if (running || signal.aborted) return;
    running = true;
    clearTimeout(timer);
    try {
      await step();
    } finally {
      running = false;
      if (!signal.aborted) timer = setTimeout(run, everyMs);
    }
  };
  const shown = (): void => {
    if (document.visibilityState === "visible") void run();
  };
  document.addEventListener("visibilitychange", shown, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  void run();
}
