import type { VideoSlot } from "./video-encoder.ts";
import { isWebKitGtk } from "./webkit-gtk.ts";

/**
 * Makes frames of any shape and turn fit one: a window that is resized or a phone that is turned must not end a stream. What has the
 * right shape is left to the encoder, which scales it without a copy here.
 */
export class FrameFitter {
  readonly #width: number;
  readonly #height: number;
  readonly #draws = isWebKitGtk();
  #canvas: OffscreenCanvas | undefined;

  constructor({ width, height }: { readonly width: number; readonly height: number }) {
    this.#width = width;
    this.#height = height;
  }

  /** A frame for the slot, made of `newest`, which stays open; the caller closes the result. */
  fit(newest: VideoFrame, { timestampUs, durationUs }: VideoSlot): VideoFrame {
    const timing = { timestamp: timestampUs, duration: durationUs };
    // WebKitGTK 2.50 cannot encode a frame of a <video>, whose memory is the graphics card's ("Encoding failed"); a drawn one it can.
    if (this.#hasShape(newest) && !isTurned(newest) && !this.#draws) {
      return new VideoFrame(newest, { ...timing, alpha: "discard" });
    }
    this.#canvas ??= new OffscreenCanvas(this.#width, this.#height);
    const context = this.#canvas.getContext("2d", { alpha: false });
    const scale = Math.min(this.#width / newest.displayWidth, this.#height / newest.displayHeight);
    const [width, height] = [newest.displayWidth * scale, newest.displayHeight * scale];
    context?.clearRect(0, 0, this.#width, this.#height);
    context?.drawImage(newest, (this.#width - width) / 2, (this.#height - height) / 2, width, height);
    return new VideoFrame(this.#canvas, { ...timing, alpha: "discard" });
  }

  /** Within a pixel, as sizes are rounded. */
  #hasShape({ displayWidth, displayHeight }: VideoFrame): boolean {
    return Math.abs((displayWidth * this.#height) / displayHeight - this.#width) < 2;
  }
}

/** Newer browsers carry the turn of a camera with each frame, and the encoder would ignore it. */
function isTurned(frame: VideoFrame & { readonly rotation?: number; readonly flip?: boolean }): boolean {
  return (frame.rotation ?? 0) !== 0 || frame.flip === true;
}
