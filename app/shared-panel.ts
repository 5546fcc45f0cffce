import type { SessionStats } from "eddy-hls";
import { h, setText } from "./dom.ts";
import { Figures } from "./figures.ts";
import { count, fileSize, kilobits } from "./format.ts";
import { ASK_SENTENCE, sharedSentence, uploadSentence } from "./shared-sentences.ts";

export interface SharedListener {
  /** The person agrees to connect to other viewers. */
  readonly agree: () => void;
  /** Whether this browser may pass parts on. */
  readonly upload: (allowed: boolean) => void;
}

/** Where a joined stream comes from, and what this browser does for others. */
export class SharedPanel {
  readonly element: HTMLElement;
  readonly #hasOrigin: boolean;
  readonly #sentence = h("p", { class: "soft", role: "status" });
  readonly #figures = new Figures("Where it comes from", [
    { key: "peer-share", label: "From viewers", hint: "Of all media that was received" },
    { key: "origin-share", label: "From the server" },
    { key: "peers", label: "Connected viewers" },
    { key: "uploaded", label: "Passed on" },
    { key: "upload-rate", label: "Passed on now" },
  ]);
  readonly #ask = h("div", { class: "shared-ask", hidden: true });
  readonly #agree = h("button", { type: "button", class: "button primary" }, "Connect and watch");
  readonly #allow = h("input", { type: "checkbox" });
  readonly #upload = h("div", { class: "shared-upload", hidden: true });
  readonly #uploadNote = h("p", { class: "note" });

  constructor(hasOrigin: boolean, on: SharedListener) {
    this.#hasOrigin = hasOrigin;
    this.#ask.append(h("p", {}, ASK_SENTENCE), this.#agree);
    this.#upload.append(
      h("label", { class: "check" }, this.#allow, "Pass parts on to other viewers"),
      this.#uploadNote,
    );
    this.element = h(
      "section",
      { class: "panel live-side", "aria-labelledby": "shared-heading" },
      h("h2", { id: "shared-heading", tabindex: -1 }, "Shared"),
      this.#ask,
      this.#sentence,
      this.#figures.element,
      this.#upload,
    );
    this.#agree.addEventListener("click", () => on.agree());
    this.#allow.addEventListener("change", () => on.upload(this.#allow.checked));
  }

  /** Nobody has agreed yet: nothing is connected until somebody does. */
  ask(): void {
    this.#ask.hidden = false;
    this.#figures.element.hidden = true;
  }

  /** The stream is joined. */
  joined(): void {
    const hadFocus = this.#ask.contains(document.activeElement);
    this.#ask.hidden = true;
    this.#figures.element.hidden = false;
    if (hadFocus) this.element.querySelector<HTMLElement>("h2")?.focus();
  }

  show(stats: SessionStats): void {
    const { bytes, peers, uploadedBytes, upload, signalling } = stats;
    setText(this.#sentence, sharedSentence(stats, this.#hasOrigin));
    const received = bytes.peer + bytes.origin;
    const share = (part: number): string => (received === 0 ? "–" : `${Math.round((100 * part) / received)} %`);
    const figures = this.#figures;
    figures.set("peer-share", share(bytes.peer), bytes.peer);
    figures.set("origin-share", share(bytes.origin), bytes.origin);
    figures.set("peers", count(peers.length), peers.length);
    figures.set("uploaded", fileSize(uploadedBytes), uploadedBytes);
    const sendBps = peers.reduce((sum, peer) => sum + peer.sendBps, 0);
    figures.set("upload-rate", kilobits(sendBps), sendBps);
    this.#upload.hidden = signalling === "off" && upload === "off";
    this.#allow.checked = upload !== "no-consent" && upload !== "off" && upload !== "receive-only";
    setText(this.#uploadNote, uploadSentence(stats));
  }
}
