import type { StreamSummary } from "eddy-hls";
import { watchSearch } from "../address.ts";
import { h } from "../kit/dom.ts";
import { plural } from "../kit/format.ts";
import { titleOf } from "./kept-controls.ts";
import { showState } from "./kept-list.ts";

/** The streams that somebody publishes, as links; live ones first. Rebuilt only when it changed, so that focus stays. */
export class StreamList {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "streams" });
  readonly #status = h("p", { class: "streams-empty", role: "status" }, "Looking for streams…");
  #shown = "";

  constructor() {
    this.element = h("div", { class: "stream-list" }, this.#status, this.#list);
  }

  update(streams: readonly StreamSummary[]): void {
    const sorted = [...streams].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
    const shown = JSON.stringify(sorted.map((stream) => [stream.name, stream.state, titleOf(stream)]));
    if (shown === this.#shown) return;
    this.#shown = shown;
    const live = sorted.filter(({ state }) => state === "live").length;
    this.#status.textContent =
      live > 0 ? `${plural(live, "stream is", "streams are")} live.` : "Nothing is live in this browser right now.";
    this.#status.classList.toggle("visually-hidden", live > 0);
    const focused = this.#list.contains(document.activeElement)
      ? document.activeElement?.getAttribute("href")
      : undefined;
    this.#list.replaceChildren(...sorted.map(row));
    if (focused) this.#list.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Says why the list cannot be shown; it is shown again with the next update. */
  fail(sentence: string): void {
    this.#shown = "";
    this.#list.replaceChildren();
    this.#status.classList.remove("visually-hidden");
    this.#status.textContent = sentence;
  }
}

function rank({ state }: StreamSummary): number {
  return state === "live" ? 0 : 1;
}

function row(stream: StreamSummary): HTMLElement {
  const { name, state } = stream;
  const badge = h("span", { class: "badge" });
  showState(badge, state);
  return h(
    "li",
    { "data-stream": name, "data-state": state },
    h(
      "a",
      { href: `./${watchSearch(name)}` },
      h("span", { class: "stream-name" }, titleOf(stream)),
      badge,
      h("span", { class: "stream-go", "aria-hidden": "true" }, "Watch"),
    ),
  );
}
