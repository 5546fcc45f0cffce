import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { type PageContext, View } from "../kit/view.ts";
import { KeptPanel } from "../library/kept-panel.ts";
import { StreamList } from "../library/stream-list.ts";
import { pollStreams } from "../library/streams-poll.ts";
import { watchByName } from "./watch-by-name.ts";

/** What is live and what is kept, for `?watch` without a name. */
export class WatchListView extends View {
  readonly #content: HTMLElement;

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    const list = new StreamList();
    const kept = new KeptPanel(relay, () => lookNow());
    this.#content = h(
      "div",
      { class: "narrow" },
      h("div", { class: "view-head" }, h("h1", {}, "Watch")),
      h("section", { class: "panel", "aria-label": "Streams" }, list.element, watchByName()),
      kept.element,
      h("p", { class: "aside" }, "Streams live in the browser that publishes them: every tab of it can watch."),
    );
    const lookNow = pollStreams({ list, kept }, relay, signal, () => {});
    this.draw();
  }

  protected override template(): TemplateResult {
    return html`${this.#content}`;
  }
}
