/** Keeps the screen on while it is asked to, and the page is seen. */
export class ScreenLock {
  #isWanted = false;
  #lock: WakeLockSentinel | undefined;
  #asking = false;

  constructor(signal: AbortSignal) {
    // The browser lets it go by itself when the page is hidden.
    document.addEventListener("visibilitychange", () => void this.#settle(), { signal });
    signal.addEventListener("abort", () => this.want(false));
  }

  want(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    void this.#settle();
  }

  async #settle(): Promise<void> {
    if (navigator.wakeLock === undefined || this.#asking) return;
    const isDue = this.#isWanted && document.visibilityState === "visible";
    if (!isDue) {
      const held = this.#lock;
      this.#lock = undefined;
      await held?.release();
      return;
    }
    if (this.#lock !== undefined && !this.#lock.released) return;
    this.#asking = true;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      // Not allowed, or the battery is low: the screen goes dark as it would without this page.
    }
    this.#asking = false;
    if (!this.#isWanted) await this.#settle();
  }
}
