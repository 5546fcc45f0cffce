import type { Relay, StreamSummary } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { DEFAULT_NAME, watchSearch } from "../address.ts";
import { clockTime, dayAndTime } from "../kit/format.ts";
import { explain } from "../kit/messages.ts";
import { poll } from "../kit/poll.ts";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";

/** Gentle: the list is a convenience, and each look is one message to the worker. */
const LOOK_EVERY_MS = 2_000;

/** What is live and what is stored, for `?watch` without a name. */
export class WatchListView extends View {
  #streams: readonly StreamSummary[] | undefined;
  #failure = "";

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    this.draw();
    poll({ everyMs: LOOK_EVERY_MS, signal, onlyShown: true }, () => this.#look(relay));
  }

  async #look(relay: Promise<Relay>): Promise<void> {
    try {
      this.#streams = await (await relay).streams();
      this.#failure = "";
    } catch (thrown) {
      this.#failure = words.watch.list.failed(explain(thrown).cause);
    }
    this.changed();
  }

  protected override template(): TemplateResult {
    const { list } = words.watch;
    const streams = this.#streams ?? [];
    const current = streams.filter(({ state }) => state !== "ended").sort(byState);
    const stored = streams.filter((stream) => stream.state === "ended" && lengthMs(stream) > 0).sort(byAge);
    document.title = words.common.title(list.title);
    return html`
      <div class="narrow watch-list">
        <div class="view-head"><h1>${list.title}</h1></div>
        <section class="panel" aria-label=${list.streams}>
          <p class="soft ${current.length > 0 && this.#failure === "" ? "visually-hidden" : ""}" role="status">${this.#status(current)}</p>
          <ul class="streams">${repeat(current, ({ name }) => name, row)}</ul>
          ${nameForm()}
        </section>
        ${
          stored.length === 0
            ? nothing
            : html`
              <section class="panel" aria-labelledby="stored-heading">
                <h2 id="stored-heading">${list.stored}</h2>
                <ul class="streams">${repeat(stored, ({ name }) => name, row)}</ul>
              </section>`
        }
        <p class="aside">${list.aside} <a href="./?library">${list.library}</a>.</p>
      </div>`;
  }

  #status(current: readonly StreamSummary[]): string {
    const { list } = words.watch;
    if (this.#failure !== "") return this.#failure;
    if (this.#streams === undefined) return list.looking;
    const live = current.filter(({ state }) => state === "live").length;
    return live > 0 ? list.live(live) : list.nothing;
  }
}

/** The form needs no script: it asks for `?watch=<name>`. */
function nameForm(): TemplateResult {
  const { list } = words.watch;
  return html`
    <form class="by-name" action="./" method="get">
      <label for="watch-name">${list.byName}</label>
      <div class="field-row">
        <input
          id="watch-name" name="watch" required maxlength="64" pattern="[A-Za-z0-9._\\-]{1,64}" title=${list.nameRule}
          placeholder=${DEFAULT_NAME} autocomplete="off" autocapitalize="none" spellcheck="false"
        />
        <button class="button">${list.watch}</button>
      </div>
    </form>`;
}

function row(stream: StreamSummary): TemplateResult {
  const { list, badge } = words.watch;
  const { name, state, kept } = stream;
  const isEnded = state === "ended";
  const facts = [clockTime(lengthMs(stream)), ...(kept === undefined ? [] : [dayAndTime(kept.createdAtMs)])].join(
    " · ",
  );
  return html`
    <li data-stream=${name} data-state=${state}>
      <a href="./${watchSearch(name)}">
        <span class="stream-name">${kept?.title ?? name}</span>
        ${
          isEnded
            ? html`<span class="stream-facts">${facts}</span>`
            : html`<span class="badge ${state === "live" ? "badge-live" : ""}">${state === "live" ? badge.live : badge.away}</span>`
        }
        <span class="stream-go" aria-hidden="true">${isEnded ? list.play : list.watch}</span>
      </a>
    </li>`;
}

const lengthMs = ({ kept, windowMs }: StreamSummary): number => kept?.windowMs ?? windowMs;

/** Live ones first. */
function byState(left: StreamSummary, right: StreamSummary): number {
  return Number(right.state === "live") - Number(left.state === "live") || left.name.localeCompare(right.name);
}

/** The newest first. */
function byAge(left: StreamSummary, right: StreamSummary): number {
  return (right.kept?.createdAtMs ?? 0) - (left.kept?.createdAtMs ?? 0) || left.name.localeCompare(right.name);
}
