import { html, nothing, type TemplateResult } from "lit-html";
import type { WatchAddress } from "../address.ts";
import { clockTime, timeOfDay } from "../kit/format.ts";
import { explain } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { changePreferences, readPreferences } from "../kit/preferences.ts";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { playbackPanel } from "./playback-panel.ts";
import { PlayerUi } from "./player-ui.ts";
import { recordingPanel } from "./recording-panel.ts";
import { sharedPanel } from "./shared-panel.ts";
import { StreamWatch } from "./stream-watch.ts";
import { badgeOf, coverOf, statusOf, type WatchState } from "./watch-sentences.ts";

/** Plays the stream `name`: now, from the start of what is kept, or as soon as it is there; and again when it comes back. */
export class WatchView extends View {
  readonly #name: string;
  readonly #watch: StreamWatch;
  readonly #ui: PlayerUi;
  /** The page's first; it stays one element, whatever is drawn around it. */
  readonly #video = document.createElement("video");
  readonly #problems = document.createElement("div");
  #done = "";
  #hasDetails = readPreferences().watchDetails;

  constructor({ main, relay, signal, shared }: PageContext, { name, join }: WatchAddress) {
    super(main);
    this.#name = name;
    const video = this.#video;
    video.playsInline = true;
    video.slot = "media";
    video.setAttribute("aria-label", words.watch.videoOf(name));
    this.#problems.className = "notices";
    const board = new NoticeBoard(this.#problems);
    this.#watch = new StreamWatch({
      name,
      join,
      relay,
      signal,
      video,
      listener: {
        changed: () => {
          this.#ui.tell(this.#watch.stream.title, this.#watch.state);
          this.changed();
        },
        entered: (state) => this.#entered(state),
        problem: (explanation, options) => board.show(explanation, options),
        solved: () => board.clear(),
        say: (sentence) => this.#ui.say(sentence),
        shared,
      },
    });
    this.#ui = new PlayerUi({
      name,
      video,
      signal,
      player: () => this.#watch.player,
      playlistUrl: () => this.#watch.stream.playlistUrl,
      changed: this.changed,
      failed: (thrown) => board.show(explain(thrown)),
    });
    this.draw();
    void this.#watch.start();
  }

  override stats(): Readonly<Record<string, unknown>> {
    return { name: this.#name, state: this.#watch.state, ...this.#watch.player?.stats() };
  }

  #entered(state: WatchState): void {
    // Beside the first picture, or where there will be none.
    if (state !== "opening") void this.#ui.load();
    this.changed();
  }

  async #agree(): Promise<void> {
    const joined = this.#watch.agree();
    this.draw();
    // The button that had the focus is gone.
    this.root.querySelector("h1")?.focus();
    await joined;
  }

  async #replay(): Promise<void> {
    this.#video.focus();
    await this.#watch.playAgain();
  }

  async #togglePin(): Promise<void> {
    this.#done = (await this.#watch.stream.togglePin()) ?? "";
    this.changed();
  }

  #toggleDetails(): void {
    this.#hasDetails = !this.#hasDetails;
    changePreferences({ watchDetails: this.#hasDetails });
    this.changed();
  }

  protected override template(): TemplateResult {
    const { watched, canReplay } = this.#watch;
    const { title } = this.#watch.stream;
    const { state } = watched;
    const cover = coverOf(watched);
    const status = statusOf(watched);
    const isPlaying = state !== "over" && state !== "absent" && state !== "failed";
    const badge = badgeOf(watched);
    const details = this.#details(isPlaying);
    const isAsking = state === "absent" && watched.join === "asked";
    document.title = words.watch.documentTitle(title, badge.isLive);
    const stage = this.#ui.stage({
      cover,
      waiting: state === "stalled" ? status : "",
      isNearLive: watched.isNearLive && badge.isLive,
      agree: isAsking ? () => void this.#agree() : undefined,
      replay: canReplay ? () => void this.#replay() : undefined,
    });
    // The cover says the same to the eye; the status stays for who listens.
    const isSaid = cover !== undefined || state === "stalled";
    return html`
      <div class="watch" data-state=${state} ?data-asking=${isAsking}>
        <div class="view-head">
          <h1 class="stream-title" tabindex="-1" dir="auto">${title}</h1>
          <span class="badge ${badge.isLive ? "badge-live" : ""}">${badge.text}</span>
        </div>
        <div class="watch-grid">
          <div class="watch-main">
            ${stage}
            <div class="watch-bar">
              <p class="status ${isSaid ? "visually-hidden" : ""}" role="status">${status}</p>
              ${cover === undefined ? this.#moment() : nothing} ${this.#actions(details !== undefined)}
            </div>
            ${this.#problems} ${this.#ui.clip.root}
          </div>
          ${details ?? nothing}
          <p class="visually-hidden" role="status">${this.#done}</p>
        </div>
      </div>`;
  }

  /** Which moment it is that one sees, and how far one can go back from it. */
  #moment(): TemplateResult | typeof nothing {
    const { player } = this.#watch;
    if (player === undefined) return nothing;
    const { windowMs, playheadWallMs: wallMs } = player.stats();
    const { back, all } = words.watch.moment;
    const reach = (player.live === true ? back : all)(clockTime(windowMs));
    return html`<p class="moment" data-wall-ms=${wallMs}>${wallMs > 0 ? `${timeOfDay(wallMs)} · ${reach}` : reach}</p>`;
  }

  #actions(hasDetails: boolean): TemplateResult {
    const { actions } = words.watch;
    const { stream, player, state } = this.#watch;
    const kept = stream.stats?.kept;
    const { isOpen } = this.#ui.clip;
    const clip = html`
      <button type="button" class="button small" aria-expanded=${isOpen} aria-controls="clip-panel" @click=${() => this.#ui.toggleClip()}>
        ${actions.clip}
      </button>`;
    const pin = html`
      <button type="button" class="button small pin" aria-pressed=${kept?.pinned === true} @click=${() => void this.#togglePin()}>
        <svg class="icon" aria-hidden="true"><use href="/icons.svg#pin"></use></svg>${actions.keep}
      </button>`;
    const others = html`<a class="button small" href="./?watch">${words.watch.seeLive}</a>`;
    return html`
      <div class="watch-actions">
        ${state === "absent" || state === "failed" ? others : nothing}
        ${(player?.window.endS ?? 0) > 0 ? clip : nothing} ${kept === undefined ? nothing : pin}
        <button type="button" class="button small" aria-keyshortcuts="?" @click=${() => this.#ui.showKeys()}>${actions.keys}</button>
        ${hasDetails ? this.#detailsButton() : nothing}
      </div>`;
  }

  #detailsButton(): TemplateResult {
    const { hideSide, showSide } = words.watch.actions;
    return html`
      <button
        type="button" class="button small" aria-expanded=${this.#hasDetails} aria-controls="watch-details"
        @click=${() => this.#toggleDetails()}
      >${this.#hasDetails ? hideSide : showSide}</button>`;
  }

  /** What stands beside the picture; undefined while there is nothing to tell. */
  #details(isPlaying: boolean): TemplateResult | undefined {
    const { joined, player } = this.#watch;
    const { stats: stream, playlistUrl } = this.#watch.stream;
    const stats = isPlaying && player?.hasPicture === true ? player.stats() : undefined;
    if (stats === undefined && stream === undefined && joined?.stats === undefined) return undefined;
    const shared =
      joined?.stats &&
      sharedPanel(joined.stats, { hasOrigin: joined.hasServer, allow: (given) => joined.allow(given) });
    return html`
      <aside class="watch-aside" id="watch-details" aria-label=${words.watch.about} ?hidden=${!this.#hasDetails}>
        ${stats === undefined ? nothing : playbackPanel(stats, player?.live === true)} ${shared ?? nothing}
        ${recordingPanel(stream, playlistUrl)}
      </aside>`;
  }
}
