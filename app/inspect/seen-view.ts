import { View } from "../kit/view.ts";

/** A panel that is drawn only while somebody can see it, and each in a task of its own, so that many of them make no long one. */
export abstract class SeenView extends View {
  #isSeen = false;
  #isStale = false;
  #isDue = false;

  constructor(root: HTMLElement, signal: AbortSignal) {
    super(root);
    const seen = new IntersectionObserver(([entry]) => {
      this.#isSeen = entry?.isIntersecting === true;
      if (this.#isSeen) this.shown();
      if (this.#isStale) this.refresh();
    });
    seen.observe(root);
    signal.addEventListener("abort", () => seen.disconnect());
  }

  get isSeen(): boolean {
    return this.#isSeen && !document.hidden;
  }

  /** It has come into view. */
  protected shown(): void {}

  /** Something has changed: it is drawn soon, or when it is next seen. */
  protected refresh(): void {
    this.#isStale = true;
    if (this.#isDue || !this.isSeen) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.#isStale = false;
      this.draw();
    });
  }
}
