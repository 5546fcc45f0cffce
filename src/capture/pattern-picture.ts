import { clockCells, clockGeometry } from "./pattern-clock.ts";

const BARS = ["#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0", "#c00000", "#0000c0"];
/** One turn of the ball. */
const LAP_MS = 4_000;

/** Draws the test pattern: colour bars, a ball that goes round, the time for people and the time for machines. */
export class PatternPicture {
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #background: OffscreenCanvas;

  constructor({ width, height }: { readonly width: number; readonly height: number }) {
    this.#canvas = new OffscreenCanvas(width, height);
    this.#context = contextOf(this.#canvas);
    this.#background = new OffscreenCanvas(width, height);
    drawBackground(this.#background);
  }

  /** A frame of the pattern as it is at `wallMs`; the caller closes it. */
  frame(wallMs: number, at: { readonly timestampUs: number; readonly durationUs: number }): VideoFrame {
    this.#draw(wallMs);
    return new VideoFrame(this.#canvas, { timestamp: at.timestampUs, duration: at.durationUs, alpha: "discard" });
  }

  #draw(wallMs: number): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    context.drawImage(this.#background, 0, 0);

    const angle = ((wallMs % LAP_MS) / LAP_MS) * 2 * Math.PI;
    context.fillStyle = "#ffffff";
    context.beginPath();
    context.arc(
      width / 2 + Math.sin(angle) * width * 0.38,
      height * 0.3 - Math.cos(angle) * height * 0.18,
      height * 0.05,
      0,
      2 * Math.PI,
    );
    context.fill();

    context.fillStyle = "#ffffff";
    context.fillText(new Date(wallMs).toISOString().slice(11, 23), width / 2, height * 0.71);

    const { x, y, cellWidth, cellHeight } = clockGeometry(width, height);
    for (const [cell, white] of clockCells(wallMs).entries()) {
      context.fillStyle = white ? "#ffffff" : "#000000";
      const left = Math.round(x + cell * cellWidth);
      context.fillRect(left, Math.round(y), Math.round(x + (cell + 1) * cellWidth) - left, Math.round(cellHeight));
    }
  }
}

function drawBackground(canvas: OffscreenCanvas): void {
  const { width, height } = canvas;
  const context = contextOf(canvas);
  context.fillStyle = "#101418";
  context.fillRect(0, 0, width, height);
  for (const [i, colour] of BARS.entries()) {
    context.fillStyle = colour;
    const left = Math.round((i * width) / BARS.length);
    context.fillRect(left, 0, Math.round(((i + 1) * width) / BARS.length) - left, Math.round(height * 0.58));
  }
}

/** Kept in memory and not on the GPU: every picture is read back by the encoder. */
function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (context === null) throw new TypeError("expected a 2d context of an OffscreenCanvas, got none");
  context.font = `bold ${Math.round(canvas.height * 0.17)}px monospace`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  return context;
}
