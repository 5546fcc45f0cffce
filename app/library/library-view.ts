import type { Relay, RelayStats, StreamSummary } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { repeat } from "lit-html/directives/repeat.js";
import { fileSize } from "../kit/format.ts";
import { explain, explainCode } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { KeepSafe } from "./keep-safe.ts";
import { LibraryRow } from "./library-row.ts";
import { Posters } from "./posters.ts";
import { StorageTrouble } from "./storage-trouble.ts";
import { byNewest, lengthOf, sizeOf, titleOf, withMedia } from "./stream-facts.ts";
import { pollStreams } from "./streams-poll.ts";

/** From so many on one wants to look for one. */
const MANY = 6;

const ORDERS = {
  newest: byNewest,
  largest: (a, b) => sizeOf(b) - sizeOf(a),
  longest: (a, b) => lengthOf(b) - lengthOf(a),
  name: (a, b) => titleOf(a).localeCompare(titleOf(b)),
} as const satisfies Record<string, (a: StreamSummary, b: StreamSummary) => number>;

type Order = keyof typeof ORDERS;

/** Everything this browser keeps, how much that is, how safe, and what can be done with it. */
export class LibraryView extends View {
  readonly #relay: Promise<Relay>;
  readonly #rows = new Map<string, LibraryRow>();
  readonly #problems = document.createElement("div");
  readonly #board = new NoticeBoard(this.#problems);
  readonly #trouble = new StorageTrouble(this.#board);
  readonly #safe = new KeepSafe();
  readonly #posters: Posters;
  readonly #lookNow: () => void;
  #streams: readonly StreamSummary[] | undefined;
  #stats: RelayStats | undefined;
  #failure: string | undefined;
  #order: Order = "newest";
  #sought = "";
  #done = "";

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    this.#relay = relay;
    this.#problems.className = "notices";
    this.#posters = new Posters("/live/", () => this.#updateRows(), signal);
    this.draw();
    this.#lookNow = pollStreams(relay, signal, {
      seen: (streams, stats) => {
        this.#streams = withMedia(streams);
        this.#stats = stats;
        this.#failure = undefined;
        this.#trouble.look(stats.storage);
        this.#updateRows();
        this.changed();
      },
      failed: (cause) => {
        this.#failure = cause;
        this.changed();
      },
    });
  }

  protected override template(): TemplateResult {
    const { heading, lead, room } = words.library;
    const streams = this.#streams ?? [];
    const keepsOnDisk = this.#stats?.storage !== undefined;
    return html`<div class="library">
      <div class="view-head library-head"><h1 tabindex="-1">${heading}</h1><p class="soft">${lead}</p></div>
      <section class="panel kept-panel" aria-label=${heading}>
        <p class="soft" role="status">${this.#sum()}</p>
        ${this.#meter()}
        ${this.#problems}
        ${streams.length >= MANY ? this.#tools(streams.length) : nothing}
        ${this.#list()}
        ${streams.length > 0 && keepsOnDisk ? html`<p class="note">${room}</p>` : nothing}
        ${keepsOnDisk ? this.#safe.element : nothing}
        <p class="visually-hidden" role="status">${this.#done}</p>
      </section>
    </div>`;
  }

  #sum(): string {
    const { library } = words;
    if (this.#failure !== undefined) return library.failed(this.#failure);
    if (this.#streams === undefined || this.#stats === undefined) return library.looking;
    const { storage, persistenceError } = this.#stats;
    if (storage === undefined) {
      if (persistenceError === undefined) return library.noDisk;
      const [code = ""] = persistenceError.split(":", 1);
      const { cause, remedy } = explainCode(code, persistenceError);
      return `${cause} ${remedy}`;
    }
    const { sizeBytes, quotaBytes } = storage;
    const recordings = this.#streams.length;
    if (recordings === 0) return library.empty;
    return quotaBytes === undefined
      ? library.sum(recordings, fileSize(sizeBytes))
      : library.sumOfQuota(recordings, fileSize(sizeBytes), fileSize(quotaBytes));
  }

  #meter(): TemplateResult | typeof nothing {
    const { sizeBytes = 0, quotaBytes = 0 } = this.#stats?.storage ?? {};
    if (quotaBytes === 0 || (this.#streams ?? []).length === 0) return nothing;
    return html`<meter min="0" max=${quotaBytes} value=${sizeBytes} aria-label=${words.library.meter}></meter>`;
  }

  #tools(all: number): TemplateResult {
    const { find, findHint, sort, sorts, found } = words.library;
    const choose = (event: Event): void => {
      this.#order = (event.target as HTMLSelectElement).value as Order;
      this.changed();
    };
    const seek = (event: Event): void => {
      this.#sought = (event.target as HTMLInputElement).value;
      this.changed();
    };
    return html`<div class="library-tools">
      <div class="field"><label for="find">${find}</label>
        <input id="find" type="search" placeholder=${findHint} autocomplete="off" .value=${live(this.#sought)} @input=${seek} /></div>
      <div class="field"><label for="sort">${sort}</label>
        <select id="sort" @change=${choose}>${Object.entries(sorts).map(
          ([value, text]) => html`<option value=${value} ?selected=${value === this.#order}>${text}</option>`,
        )}</select></div>
      ${this.#sought === "" ? nothing : html`<p class="note" role="status">${found(this.#shown().length, all)}</p>`}
    </div>`;
  }

  #list(): TemplateResult | typeof nothing {
    if (this.#streams === undefined) return nothing;
    const { emptyRemedy, emptyAction, nothingFound } = words.library;
    if (this.#streams.length === 0) {
      return html`<div class="empty"><p>${emptyRemedy}</p><a class="button primary" href="./?publish">${emptyAction}</a></div>`;
    }
    const shown = this.#shown();
    if (shown.length === 0) return html`<p class="soft">${nothingFound}</p>`;
    return html`<ul class="kept">${repeat(
      shown,
      ({ name }) => name,
      ({ name }) => this.#rows.get(name)?.root,
    )}</ul>`;
  }

  #shown(): readonly StreamSummary[] {
    const sought = this.#sought.trim().toLocaleLowerCase();
    const matches = (stream: StreamSummary): boolean =>
      [stream.name, titleOf(stream)].some((text) => text.toLocaleLowerCase().includes(sought));
    return (this.#streams ?? []).filter(matches).sort(ORDERS[this.#order]);
  }

  /** Rows stay in place while one works in them. */
  #updateRows(): void {
    const streams = this.#streams ?? [];
    for (const name of [...this.#rows.keys()]) {
      if (!streams.some((stream) => stream.name === name)) this.#rows.delete(name);
    }
    for (const stream of streams) {
      const row = this.#rows.get(stream.name);
      if (row === undefined) this.#rows.set(stream.name, this.#row(stream));
      else row.update(stream);
    }
  }

  #row(stream: StreamSummary): LibraryRow {
    return new LibraryRow(stream, {
      relay: this.#relay,
      posters: this.#posters,
      listener: {
        changed: (sentence) => this.#tell(sentence),
        removed: (sentence) => this.#removed(stream.name, sentence),
        failed: (thrown) => this.#board.show(explain(thrown)),
      },
    });
  }

  /** Who worked in the row goes on at the next one, or at the heading where that was the last. */
  #removed(name: string, sentence: string): void {
    const element = this.#rows.get(name)?.root;
    const hadFocus = element?.contains(document.activeElement) === true || document.activeElement === document.body;
    const neighbour = element?.nextElementSibling ?? element?.previousElementSibling;
    this.#streams = (this.#streams ?? []).filter((stream) => stream.name !== name);
    this.#rows.delete(name);
    this.draw();
    const next = neighbour?.querySelector<HTMLElement>(".kept-title") ?? this.root.querySelector<HTMLElement>("h1");
    if (hadFocus) next?.focus();
    this.#tell(sentence);
  }

  #tell(sentence: string): void {
    this.#done = sentence;
    this.changed();
    this.#lookNow();
  }
}
