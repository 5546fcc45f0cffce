import { html, type TemplateResult } from "lit-html";
import { DEFAULT_NAME, freeName, publishSearch } from "../address.ts";
import { h } from "../kit/dom.ts";
import { type PageContext, View } from "../kit/view.ts";
import { KeptPanel } from "../library/kept-panel.ts";
import { StreamList } from "../library/stream-list.ts";
import { pollStreams } from "../library/streams-poll.ts";
import { watchByName } from "../watch/watch-by-name.ts";
import { ringPicture } from "./ring-picture.ts";

/** What this is, the two things one can do, and what is kept. */
export class HomeView extends View {
  readonly #content: HTMLElement;

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    const oneClick = h(
      "a",
      { class: "button primary", href: `./${publishSearch({ name: DEFAULT_NAME, source: "pattern" })}` },
      "Publish the test pattern",
    );
    const list = new StreamList();
    const kept = new KeptPanel(relay, () => lookNow());
    const ring = ringPicture();
    this.#content = h(
      "div",
      { class: "home" },
      h(
        "section",
        { class: "hero" },
        h(
          "div",
          {},
          h("h1", {}, "Live video, served from inside the browser."),
          h(
            "p",
            { class: "lead" },
            "One tab encodes a camera, a screen or a file. The Service Worker of this site keeps the last minute in a ring and serves it as Low-Latency HLS. Every other tab plays it about a second later, and it is recorded as it goes. No media server is involved.",
          ),
        ),
        ring,
      ),
      h(
        "div",
        { class: "actions-grid" },
        h(
          "section",
          { class: "panel", "aria-labelledby": "publish-heading" },
          h("h2", { id: "publish-heading" }, "Publish"),
          h(
            "p",
            { class: "soft" },
            "The test pattern is a picture with a clock in it and a soft tone. It asks for no permission.",
          ),
          h(
            "div",
            { class: "button-row" },
            oneClick,
            h("a", { class: "button", href: "./?publish" }, "Camera, screen or file"),
          ),
        ),
        h(
          "section",
          { class: "panel", "aria-labelledby": "watch-heading" },
          h("h2", { id: "watch-heading" }, "Watch"),
          list.element,
          watchByName(),
        ),
      ),
      kept.element,
    );
    const lookNow = pollStreams({ list, kept }, relay, signal, (names) => {
      oneClick.setAttribute("href", `./${publishSearch({ name: freeName(names), source: "pattern" })}`);
    });
    this.draw();
  }

  protected override template(): TemplateResult {
    return html`${this.#content}`;
  }
}
