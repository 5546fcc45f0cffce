import type { Relay, StreamSummary } from "eddy-hls";
import { watchSearch } from "../address.ts";
import { h, setText } from "../kit/dom.ts";
import { clockTime, dayAndTime, fileSize } from "../kit/format.ts";
import { KeptControls, type KeptListener, titleOf } from "./kept-controls.ts";

const STATES = { live: "Live", waiting: "Publisher away", ended: "Ended" } as const;
const ORDER = { live: 0, waiting: 1, ended: 2 } as const;

/** Shows the state of a stream on a badge, in words and in colour. */
export function showState(badge: HTMLElement, state: StreamSummary["state"]): void {
  badge.classList.toggle("badge-live", state === "live");
  setText(badge, STATES[state]);
}

/** `3:12 long, 24.1 MB, from 23 Nov, 14:03`. */
function factsOf({ name, windowMs, sizeBytes, kept }: StreamSummary): string {
  const length = clockTime(kept?.windowMs ?? windowMs);
  const facts = [`${length} long`, fileSize(kept?.sizeBytes ?? sizeBytes)];
  if (kept === undefined) facts.push("in memory only");
  else facts.push(`from ${dayAndTime(kept.createdAtMs)}`);
  if (kept?.title !== undefined) facts.push(`named ${name}`);
  return facts.join(" · ");
}

class KeptRow {
  readonly element: HTMLLIElement;
  readonly #link: HTMLAnchorElement;
  readonly #badge = h("span", { class: "badge" });
  readonly #facts = h("p", { class: "kept-facts" });
  readonly #controls: KeptControls;

  constructor(stream: StreamSummary, relay: Promise<Relay>, listener: KeptListener) {
    this.#link = h("a", { class: "kept-title", href: `./${watchSearch(stream.name)}` });
    this.#controls = new KeptControls(stream, relay, listener);
    this.element = h(
      "li",
      { "data-stream": stream.name },
      h("div", { class: "kept-what" }, h("div", { class: "kept-head" }, this.#link, this.#badge), this.#facts),
      this.#controls.element,
    );
    this.update(stream);
  }

  update(stream: StreamSummary): void {
    this.element.dataset.state = stream.state;
    setText(this.#link, titleOf(stream));
    showState(this.#badge, stream.state);
    setText(this.#facts, factsOf(stream));
    this.#controls.update(stream);
  }

  focus(): void {
    this.#link.focus();
  }
}

/** Everything this browser keeps, with what can be done to it. Rows stay in place while one works in them. */
export class KeptList {
  readonly element = h("ul", { class: "kept" });
  readonly #relay: Promise<Relay>;
  readonly #listener: KeptListener;
  readonly #rows = new Map<string, KeptRow>();

  constructor(relay: Promise<Relay>, listener: KeptListener) {
    this.#relay = relay;
    this.#listener = listener;
  }

  /** Live ones first, then the newest. */
  update(streams: readonly StreamSummary[]): void {
    const sorted = [...streams].sort(
      (a, b) => ORDER[a.state] - ORDER[b.state] || startOf(b) - startOf(a) || a.name.localeCompare(b.name),
    );
    for (const name of [...this.#rows.keys()]) {
      if (!sorted.some((stream) => stream.name === name)) this.#drop(name);
    }
    for (const stream of sorted) {
      const row = this.#rows.get(stream.name);
      if (row !== undefined) row.update(stream);
      else this.#rows.set(stream.name, new KeptRow(stream, this.#relay, this.#listenerOf(stream.name)));
    }
    const wanted = sorted.flatMap(({ name }) => this.#rows.get(name)?.element ?? []);
    if (wanted.every((element, index) => this.element.children[index] === element)) return;
    // An element that moves loses the focus.
    const focused = document.activeElement;
    this.element.replaceChildren(...wanted);
    if (focused instanceof HTMLElement && this.element.contains(focused)) focused.focus({ preventScroll: true });
  }

  #listenerOf(name: string): KeptListener {
    return {
      ...this.#listener,
      removed: (sentence) => {
        this.#drop(name);
        this.#listener.removed(sentence);
      },
    };
  }

  /** Who worked in the row goes on at the next one. */
  #drop(name: string): void {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    const hadFocus = row.element.contains(document.activeElement);
    const neighbour = row.element.nextElementSibling ?? row.element.previousElementSibling;
    row.element.remove();
    this.#rows.delete(name);
    if (hadFocus) neighbour?.querySelector<HTMLElement>("a")?.focus();
  }
}

function startOf({ kept }: StreamSummary): number {
  return kept?.createdAtMs ?? Number.POSITIVE_INFINITY;
}
