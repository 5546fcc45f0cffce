import { html, nothing, type TemplateResult } from "lit-html";
import { watchSearch } from "../address.ts";
import { seconds } from "../kit/format.ts";
import { explain } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { beforeOfflineCopy } from "../kit/offline-copy.ts";
import { poll } from "../kit/poll.ts";
import { type PageContext, View } from "../kit/view.ts";
import { StorageTrouble } from "../library/storage-trouble.ts";
import { keptList, liveList, type Seen } from "../library/stream-list.ts";
import { pollStreams } from "../library/streams-poll.ts";
import { words } from "../words/words.ts";
import { LiveDemo, loadPlayer } from "./live-demo.ts";
import { ringPicture } from "./ring-picture.ts";

const FIGURES_EVERY_MS = 500;
/** A machine that takes longer is busy, and that is said. */
const SLOW_MS = 3_000;

/** What this is, one click that shows it, and what is live and kept here. */
export class HomeView extends View {
  readonly #demo: LiveDemo;
  readonly #problems = document.createElement("div");
  readonly #board = new NoticeBoard(this.#problems);
  readonly #trouble = new StorageTrouble(this.#board);
  readonly #lookNow: () => void;
  #seen: Seen;
  #isSlow = false;

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    this.#problems.className = "notices";
    this.#demo = new LiveDemo(relay, () => this.#demoChanged());
    this.draw();
    this.#lookNow = pollStreams(relay, signal, {
      seen: (streams, stats) => {
        this.#seen = { streams };
        this.#trouble.look(stats.storage);
        this.changed();
      },
      failed: (failure) => {
        this.#seen = { failure };
        this.changed();
      },
    });
    // The click then finds it in the browser's cache; where it cannot be had, the click says so.
    relay.then(loadPlayer).catch(() => undefined);
    poll({ everyMs: FIGURES_EVERY_MS, signal, onlyShown: true }, async () => {
      if (this.#demo.state === "live") this.changed();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.#demo.state === "live") event.preventDefault();
    });
  }

  override stats(): Readonly<Record<string, unknown>> {
    const { state, name, firstPictureMs, latencyMs } = this.#demo;
    return { state, name, firstPictureMs, latencyMs };
  }

  protected override template(): TemplateResult {
    const { heading, lead } = words.home;
    const seen = this.#seen;
    const others = this.#others();
    const hasStreams =
      others !== undefined && (!("streams" in others) || others.streams.some(({ state }) => state !== "ended"));
    return html`<div class="home">
      <section class="hero" data-state=${this.#demo.state}>
        <div class="hero-words">
          <h1>${heading}</h1>
          <p class="lead">${lead}</p>
          ${this.#buttons()}
          ${this.#problems}
          <div role="status" class="hero-status">${this.#status()}</div>
        </div>
        ${this.#stage()}
      </section>
      ${this.#next()}
      ${
        hasStreams
          ? html`<section class="panel" aria-labelledby="live-heading">
              <h2 id="live-heading">${words.home.live}</h2>
              ${liveList(others)}
            </section>`
          : nothing
      }
      ${keptList(seen)}
    </div>`;
  }

  /** One button at a time, in the same place, so that the focus stays where it was. */
  #buttons(): TemplateResult {
    const { state, video } = this.#demo;
    const { start, again, end, soundOn, soundOff, starting, ending } = words.home;
    const busy = state === "starting" || state === "ending";
    const label = { idle: start, starting, live: end, ending, over: again }[state];
    const click = (): void => {
      if (state === "live") void this.#demo.stop();
      else if (!busy) this.#start();
    };
    return html`<div class="button-row">
      <button
        type="button" id="show" class="button large ${state === "live" ? "" : "primary"}" aria-disabled=${String(busy)}
        @click=${click}>${label}</button>
      ${
        state === "live"
          ? html`<button type="button" class="button large quiet" @click=${() => {
              video.muted = !video.muted;
            }}>${video.muted ? soundOn : soundOff}</button>`
          : nothing
      }
    </div>`;
  }

  #status(): TemplateResult | typeof nothing {
    const { state, firstPictureMs } = this.#demo;
    const { made, firstPicture, startingSlow, over } = words.home;
    if (state === "starting" && this.#isSlow) return html`<p>${startingSlow}</p>`;
    if (state === "over" && firstPictureMs !== undefined) return html`<p>${over}</p>`;
    if (state !== "live" || firstPictureMs === undefined) return nothing;
    return html`<p class="made">${made}</p><p class="note">${firstPicture(seconds(firstPictureMs))}</p>`;
  }

  /** What this page shows by itself is no news. */
  #others(): Seen {
    const { state, name } = this.#demo;
    if (this.#seen === undefined || "failure" in this.#seen || state === "idle" || state === "over") return this.#seen;
    return { streams: this.#seen.streams.filter((stream) => stream.name !== name) };
  }

  #stage(): TemplateResult {
    const { state, video, latencyMs } = this.#demo;
    const shown = state === "live" || state === "ending";
    const { video: label, behind } = words.home;
    return html`<div class="hero-stage" ?data-shown=${shown}>
      ${shown || state === "starting" ? html`<div class="hero-video" aria-label=${label} role="group">${video}</div>` : nothing}
      ${shown ? nothing : html`<div class="hero-ring" ?data-busy=${state === "starting"}>${ringPicture()}</div>`}
      ${
        shown
          ? html`<p class="hero-live"><span class="badge badge-live">${words.common.live}</span>${
              latencyMs > 0 ? html`<span class="badge">${behind(seconds(latencyMs))}</span>` : nothing
            }</p>`
          : nothing
      }
    </div>`;
  }

  /** All open beside this page, which would end the stream by leaving. */
  #next(): TemplateResult | typeof nothing {
    const { state, name, firstPictureMs } = this.#demo;
    if (firstPictureMs === undefined || (state !== "live" && state !== "over")) return nothing;
    const { next, watchIt, watchRecording, inspectIt, publishOwn, newTab } = words.home;
    const link = (href: string, text: string): TemplateResult =>
      html`<a class="button" href=${href} target="_blank">${text}<span class="visually-hidden"> ${newTab}</span></a>`;
    return html`<nav class="button-row next" aria-label=${next}>
      ${link(`./${watchSearch(name)}`, state === "live" ? watchIt : watchRecording)}
      ${state === "live" ? link(`./?inspect=${name}`, inspectIt) : nothing}
      ${link("./?publish", publishOwn)}
    </nav>`;
  }

  #start(): void {
    this.#board.clear();
    this.#isSlow = false;
    const slow = setTimeout(() => {
      this.#isSlow = true;
      this.changed();
    }, SLOW_MS);
    const started = this.#demo.start();
    beforeOfflineCopy(started);
    started.catch((thrown: unknown) => this.#board.show(explain(thrown))).finally(() => clearTimeout(slow));
  }

  #demoChanged(): void {
    this.changed();
    this.#lookNow();
  }
}
