import type { SessionStats } from "eddy-hls";
import { type WatchLink, watchSearch } from "../address.ts";
import { h, setText } from "../kit/dom.ts";
import { Figures } from "../kit/figures.ts";
import { clockTime, count, kilobits, plural } from "../kit/format.ts";
import { relaySentence } from "../kit/shared-sentences.ts";

/** Figures of a publication, as plain data. */
export interface PublishStats {
  readonly elapsedMs: number;
  readonly bitsPerSecond: number;
  readonly partsSent: number;
  readonly droppedFrames: number;
  /** Parts that were let go because the worker took none. */
  readonly lostParts: number;
  /** Parts that the worker has not acknowledged yet. */
  readonly unacknowledged: number;
  /** What went to other viewers; absent where it is not shared. */
  readonly sent?: SessionStats;
}

/** More than this many parts on their way means that the worker does not keep up. */
const MANY_UNACKNOWLEDGED = 4;

/** With what others find the stream by, where they may watch. */
export interface LivePanelOptions extends WatchLink {
  readonly name: string;
  readonly source: string;
  /** The picture before it is encoded; absent for a source that this page never sees. */
  readonly preview: MediaStream | undefined;
  readonly onEnd: () => void;
}

/** What stands in place of the form while a stream is live. */
export class LivePanel {
  readonly element: HTMLElement;
  /** Shows the preview; where there is no MediaStream, whoever has the parts plays them here. */
  readonly video = h("video", { playsinline: true, autoplay: true });
  readonly #cover = h("div", { class: "stage-cover", hidden: true });
  readonly #end = h("button", { type: "button", class: "button danger large" }, "End the stream");
  readonly #copied = h("p", { class: "note", role: "status" });
  readonly #link: HTMLInputElement;
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #relay = h("p", { class: "soft", role: "status", hidden: true });
  readonly #sent = new Figures("Figures of what viewers get", [
    { key: "viewers", label: "Connected viewers", hint: "They pass it on to others, who are not counted here" },
    { key: "uplink", label: "Sent to viewers" },
    { key: "copies", label: "Copies sent", hint: "How often each byte left this browser, on average" },
  ]);
  readonly #figures = new Figures("Figures of the stream", [
    { key: "elapsed", label: "Live for" },
    { key: "rate", label: "Bit rate", hint: "Average of the last seconds" },
    { key: "parts", label: "Parts sent" },
    { key: "dropped", label: "Dropped frames", hint: "Pictures that the encoder had no time for" },
    { key: "pending", label: "Unacknowledged", hint: "Parts on their way to the Service Worker" },
  ]);

  constructor(options: LivePanelOptions) {
    const { name, source, preview, key, onEnd } = options;
    const address = new URL(`./${watchSearch(name, options)}`, location.href).href;
    this.#sent.element.hidden = key === undefined || options.peers !== true;
    this.#link = h("input", { id: "watch-link", readonly: true, value: address, "aria-describedby": "link-note" });
    this.video.setAttribute("aria-label", `Preview: ${source}`);
    // The attribute does not mute a video that a script made; without it the publisher would hear itself.
    this.video.muted = true;
    if (preview !== undefined) this.video.srcObject = preview;
    this.#cover.append(
      h("p", { class: "cover-title" }, source),
      h("p", {}, "The preview stopped. The stream goes on."),
      h("a", { class: "button", href: address, target: "_blank", rel: "noopener" }, "Watch it in a new tab"),
    );
    const copy = h("button", { type: "button", class: "button" }, "Copy");
    copy.addEventListener("click", () => void this.#copy());
    this.#link.addEventListener("focus", () => this.#link.select());
    this.#end.addEventListener("click", onEnd);
    this.element = h(
      "div",
      { class: "live-grid" },
      h("div", { class: "live-main" }, h("div", { class: "stage" }, this.video, this.#cover), this.#status),
      h(
        "aside",
        { class: "panel live-side", "aria-label": "The stream" },
        h(
          "div",
          { class: "field" },
          h("label", { for: "watch-link" }, "Watch link"),
          h("div", { class: "field-row" }, this.#link, copy),
          h(
            "p",
            { class: "note", id: "link-note" },
            h("a", { href: address, target: "_blank", rel: "noopener" }, "Open it in a new tab"),
            key === undefined
              ? ". It works in every tab of this browser, for as long as this tab stays open."
              : ". It works for whoever you give it to, for as long as this tab stays open, and proves to them that the stream is yours.",
          ),
          this.#copied,
        ),
        this.#figures.element,
        this.#sent.element,
        this.#relay,
        this.#end,
      ),
    );
  }

  show(stats: PublishStats): void {
    const figures = this.#figures;
    figures.set("elapsed", clockTime(stats.elapsedMs), stats.elapsedMs);
    figures.set("rate", stats.bitsPerSecond > 0 ? kilobits(stats.bitsPerSecond) : "–", stats.bitsPerSecond);
    figures.set("parts", count(stats.partsSent), stats.partsSent);
    figures.set("dropped", count(stats.droppedFrames), stats.droppedFrames);
    figures.set("pending", plural(stats.unacknowledged, "part"), stats.unacknowledged);
    this.say(condition(stats));
    if (stats.sent !== undefined) this.#showSent(stats.sent);
  }

  #showSent({ peers, copies, relay }: SessionStats): void {
    this.#relay.hidden = relay === undefined;
    if (relay !== undefined) setText(this.#relay, relaySentence(relay, "sent"));
    const sendBps = peers.reduce((sum, peer) => sum + peer.sendBps, 0);
    this.#sent.set("viewers", count(peers.length), peers.length);
    this.#sent.set("uplink", kilobits(sendBps), sendBps);
    this.#sent.set("copies", copies.sent.toFixed(2), copies.sent);
  }

  previewFailed(): void {
    this.#cover.hidden = false;
  }

  say(sentence: string): void {
    setText(this.#status, sentence);
  }

  ending(): void {
    this.#end.disabled = true;
    setText(this.#end, "Ending…");
    this.say("Ending: the last parts are being stored.");
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#link.value);
      setText(this.#copied, "The link is copied.");
    } catch {
      this.#link.select();
      setText(
        this.#copied,
        "The browser does not let this page copy. The link is selected: copy it with the keyboard.",
      );
    }
  }
}

function condition({ unacknowledged, lostParts }: PublishStats): string {
  if (unacknowledged > MANY_UNACKNOWLEDGED) return "The Service Worker is slow to take the video; viewers may stall.";
  if (lostParts > 0) return `Live, but ${plural(lostParts, "part")} had to be left out: this machine was too busy.`;
  return "Live. Keep this tab open.";
}
