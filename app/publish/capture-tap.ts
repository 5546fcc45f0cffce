import type { Capture, CapturedPart, CaptureSink } from "eddy-hls";

type Bytes = CapturedPart["bytes"];

/** Sees what goes from a capture to its publisher: counts what was acknowledged, and shows the main rendition's bytes to who plays them. */
export class CaptureTap {
  /** The same capture, for the publisher. */
  readonly capture: Capture;
  /** Of all renditions, acknowledged. */
  partsSent = 0;
  bytesSent = 0;
  /** What the main rendition's next part is described by. */
  init: Bytes;
  /** Hears the main rendition's init segments and parts before they go; the bytes belong to the publisher. */
  onBytes: (bytes: Bytes) => void = () => undefined;
  readonly #main: string;

  constructor(capture: Capture) {
    this.init = capture.init.slice();
    this.#main = capture.rendition.id;
    const start = (sink: CaptureSink): void => capture.start(this.#tapped(sink));
    this.capture = new Proxy(capture, {
      get(target, key) {
        if (key === "start") return start;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #tapped(sink: CaptureSink): CaptureSink {
    return {
      init: async (bytes, rendition) => {
        if (rendition === this.#main) {
          this.init = bytes.slice();
          this.onBytes(bytes);
        }
        await sink.init?.(bytes, rendition);
      },
      part: async (part) => {
        const { byteLength } = part.bytes; // the bytes belong to the sink from here on
        if (part.rendition === this.#main) this.onBytes(part.bytes);
        await sink.part(part);
        this.partsSent += 1;
        this.bytesSent += byteLength;
      },
    };
  }
}
