import type { SessionStats } from "eddy-hls";
import { h, setText } from "../kit/dom.ts";
import { Figures } from "../kit/figures.ts";
import { count, fileSize, kilobits } from "../kit/format.ts";
import { relaySentence, sharedSentence, uploadSentence } from "../kit/shared-sentences.ts";

/** Where a joined stream comes from, and what this browser does for others. Hidden until it is joined. */
export class SharedPanel {
  readonly element: HTMLElement;
  readonly #hasOrigin: boolean;
  readonly #sentence = h("p", { class: "soft", role: "status" });
  readonly #relay = h("p", { class: "soft", role: "status", hidden: true });
  readonly #figures = new Figures("Where it comes from", [
    { key: "peer-share", label: "From viewers", hint: "Of all media that was received" },
    { key: "origin-share", label: "From the server" },
    { key: "peers", label: "Connected viewers" },
    { key: "uploaded", label: "Passed on" },
    { key: "upload-rate", label: "Passed on now" },
  ]);
  readonly #allow = h("input", { type: "checkbox" });
  readonly #upload = h("div", { class: "shared-upload", hidden: true });
  readonly #uploadNote = h("p", { class: "note" });

  /** `upload`: whether this browser may pass parts on, as the person says. */
  constructor(hasOrigin: boolean, upload: (allowed: boolean) => void) {
    this.#hasOrigin = hasOrigin;
    this.#upload.append(
      h("label", { class: "check" }, this.#allow, "Pass parts on to other viewers"),
      this.#uploadNote,
    );
    this.element = h(
      "section",
      { class: "panel live-side", "aria-labelledby": "shared-heading", hidden: true },
      h("h2", { id: "shared-heading" }, "Shared"),
      this.#sentence,
      this.#relay,
      this.#figures.element,
      this.#upload,
    );
    this.#allow.addEventListener("change", () => upload(this.#allow.checked));
  }

  show(stats: SessionStats): void {
    this.element.hidden = false;
    const { bytes, peers, uploadedBytes, upload, signalling, relay } = stats;
    this.#relay.hidden = relay === undefined;
    if (relay !== undefined) setText(this.#relay, relaySentence(relay, "received"));
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
