export interface Polling {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** No look while nobody sees the page. Default: it looks on, as often as the browser lets it. */
  readonly onlyShown?: boolean;
}

/**
 * Calls `step` at once, then `everyMs` after each time it is done, and again as soon as a hidden page is shown, whose timers
 * the browser slows down. Stops with `signal`; `step` deals with its own errors. Gives a function that looks now.
 */
export function poll({ everyMs, signal, onlyShown = false }: Polling, step: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    if (signal.aborted || (onlyShown && document.visibilityState === "hidden")) return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    clearTimeout(timer);
    try {
      await step();
    } finally {
      running = false;
      if (!signal.aborted) timer = setTimeout(run, again ? 0 : everyMs);
      again = false;
    }
  };
  const shown = (): void => {
    if (document.visibilityState === "visible") void run();
  };
  document.addEventListener("visibilitychange", shown, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  void run();
  return () => void run();
}
