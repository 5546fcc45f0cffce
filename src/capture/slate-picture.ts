import type { VideoSlot } from "./video-encoder.ts";

/** A still picture with words on it. Drawn once. */
export class SlatePicture {
  readonly #canvas: OffscreenCanvas;

  constructor({ width, height }: { readonly width: number; readonly height: number }, text: string) {
    this.#canvas = new OffscreenCanvas(width, height);
    const context = this.#canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (context === null) return; // black, as it is
    context.fillStyle = "#101418";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#e8ecf0";
    context.textAlign = "center";
    context.textBaseline = "middle";
    // As large as fits: words are a person's own, and of any length.
    for (let size = Math.round(height * 0.14); size >= 8; size = Math.floor(size * 0.85)) {
      context.font = `bold ${size}px system-ui, sans-serif`;
      if (context.measureText(text).width <= width * 0.9) break;
    }
    context.fillText(text, width / 2, height / 2, width * 0.9);
  }

  /** The caller closes it. */
  frame({ timestampUs, durationUs }: VideoSlot): VideoFrame {
    return new VideoFrame(this.#canvas, { timestamp: timestampUs, duration: durationUs, alpha: "discard" });
  }
}
