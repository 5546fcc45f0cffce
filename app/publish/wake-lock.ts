/** Keeps the screen on until `signal` aborts. The browser lets go of it when the page is hidden; it is taken again when the page is shown. */
export function keepAwake(signal: AbortSignal): void {
  if (!("wakeLock" in navigator)) return;
  let lock: WakeLockSentinel | undefined;
  const take = async (): Promise<void> => {
    if (signal.aborted || document.visibilityState !== "visible" || lock?.released === false) return;
    try {
      const taken = await navigator.wakeLock.request("screen");
      if (signal.aborted) await taken.release();
      else lock = taken;
    } catch {
      // A battery that is low forbids it: the screen may go dark, and the stream goes on.
    }
  };
  document.addEventListener("visibilitychange", () => void take(), { signal });
  signal.addEventListener("abort", () => void lock?.release(), { once: true });
  void take();
}
