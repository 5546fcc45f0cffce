import type { Relay, StreamStats } from "eddy-hls";
import { h } from "../kit/dom.ts";
import { Figures } from "../kit/figures.ts";
import { clockTime, dayAndTime, fileSize } from "../kit/format.ts";
import { KeptControls, type KeptListener } from "../library/kept-controls.ts";

const CLIP_S = 30;

/** What is kept of the stream that one watches, and what can be done with it. */
export class RecordingPanel {
  readonly element: HTMLElement;
  readonly #relay: Promise<Relay>;
  readonly #listener: KeptListener;
  readonly #figures = new Figures("What is kept", [
    { key: "length", label: "Length" },
    { key: "size", label: "Size" },
    { key: "since", label: "Since" },
  ]);
  readonly #clip = h("a", { class: "button small" }, `Download the last ${CLIP_S} seconds`);
  #controls: KeptControls | undefined;

  constructor(relay: Promise<Relay>, listener: KeptListener) {
    this.#relay = relay;
    this.#listener = listener;
    this.element = h(
      "section",
      { class: "panel recording", "aria-labelledby": "recording-heading", hidden: true },
      h("h2", { id: "recording-heading" }, "Recording"),
      this.#figures.element,
      this.#clip,
    );
  }

  /** `base` is the URL of the stream's playlist: the clip stands beside it. */
  show(stream: StreamStats | undefined, base: string): void {
    this.element.hidden = stream === undefined;
    if (stream === undefined) return;
    const { kept } = stream;
    const windowMs = kept?.windowMs ?? stream.windowMs;
    const sizeBytes = kept?.sizeBytes ?? stream.sizeBytes;
    this.#figures.set("length", clockTime(windowMs), windowMs);
    this.#figures.set("size", fileSize(sizeBytes), sizeBytes);
    this.#figures.set("since", kept === undefined ? "in memory only" : dayAndTime(kept.createdAtMs), kept?.createdAtMs);
    // No `download` attribute: such a request would go past the worker. The answer itself says that it is a file.
    this.#clip.href = new URL(`clip.mp4?last=${CLIP_S}`, new URL(base, location.href)).href;
    if (this.#controls === undefined) {
      this.#controls = new KeptControls(stream, this.#relay, this.#listener);
      this.element.append(this.#controls.element);
    } else {
      this.#controls.update(stream);
    }
  }
}
