import { h } from "../kit/dom.ts";

/** A canvas that is drawn when something has changed and somebody can see it, at most once a frame, and as sharp as the screen is. */
export abstract class SeenCanvas {
  readonly canvas: HTMLCanvasElement;
  #isSeen = false;
  #isDue = false;

  constructor(attributes: Readonly<Record<string, string | number>>) {
    this.canvas = h("canvas", attributes);
  }

  /** Until `signal` aborts: knows whether it is seen, and how wide it is. */
  watch(signal: AbortSignal): void {
    const seen = new IntersectionObserver(([entry]) => {
      this.#isSeen = entry?.isIntersecting === true;
      this.draw();
    });
    const sized = new ResizeObserver(() => this.draw());
    seen.observe(this.canvas);
    sized.observe(this.canvas);
    signal.addEventListener("abort", () => {
      seen.disconnect();
      sized.disconnect();
    });
  }

  draw(): void {
    if (this.#isDue || !this.#isSeen || document.hidden) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.paint();
    });
  }

  protected abstract paint(): void;

  /** An empty canvas as wide as it stands and as high as is asked, in CSS pixels. */
  protected cleared(height: number): CanvasRenderingContext2D | null {
    const { canvas } = this;
    const width = canvas.clientWidth;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext("2d");
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, width, height);
    return context;
  }
}
