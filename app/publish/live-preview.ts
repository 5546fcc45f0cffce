import type { CaptureTap } from "./capture-tap.ts";
import { PartPreview } from "./part-preview.ts";

/** Shows what is captured: a camera or a screen as it comes, other sources by playing the very parts that are published. */
export class LivePreview {
  readonly video = document.createElement("video");
  /** The stream goes on without it. */
  failed = false;
  readonly #tap: CaptureTap;
  readonly #changed: () => void;
  #parts: PartPreview | undefined;

  constructor(tap: CaptureTap, changed: () => void) {
    this.#tap = tap;
    this.#changed = changed;
    this.video.playsInline = true;
    this.video.autoplay = true;
    // The attribute does not mute a video that a script made; without it the publisher would hear itself.
    this.video.muted = true;
    tap.capture.addEventListener("source", () => this.#show());
    this.#show();
  }

  close(): void {
    this.#parts?.close();
    this.#tap.onBytes = () => undefined;
    this.video.srcObject = null;
  }

  #show(): void {
    this.close();
    this.failed = false;
    const { preview, rendition } = this.#tap.capture;
    if (preview !== undefined) {
      this.video.srcObject = preview;
      this.video.play().catch(() => undefined);
      return;
    }
    const parts = new PartPreview(this.video, {
      codecs: rendition.codecs,
      init: this.#tap.init,
      onFailed: () => {
        this.failed = true;
        this.#changed();
      },
    });
    this.#parts = parts;
    this.#tap.onBytes = (bytes) => parts.push(bytes);
  }
}
