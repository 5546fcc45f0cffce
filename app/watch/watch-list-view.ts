import { html, type TemplateResult } from "lit-html";
import { type PageContext, View } from "../kit/view.ts";
import { keptList, liveList, type Seen } from "../library/stream-list.ts";
import { pollStreams } from "../library/streams-poll.ts";
import { words } from "../words/words.ts";
import { watchByName } from "./watch-by-name.ts";

/** What is live and what is kept, for `?watch` without a name. */
export class WatchListView extends View {
  #seen: Seen;

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    this.draw();
    pollStreams(relay, signal, {
      seen: (streams) => {
        this.#seen = { streams };
        this.changed();
      },
      failed: (failure) => {
        this.#seen = { failure };
        this.changed();
      },
    });
  }

  protected override template(): TemplateResult {
    return html`<div class="narrow">
      <div class="view-head"><h1>${words.common.nav.watch}</h1></div>
      <section class="panel" aria-label=${words.library.list.streams}>${liveList(this.#seen)}${watchByName()}</section>
      ${keptList(this.#seen)}
      <p class="aside">${words.library.list.where}</p>
    </div>`;
  }
}
