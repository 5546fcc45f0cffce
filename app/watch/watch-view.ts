import type { Relay, StreamStats } from "eddy-hls";
import type { ErrorData } from "hls.js";
import { html, nothing, type TemplateResult } from "lit-html";
import type { JoinAddress, WatchAddress } from "../address.ts";
import { clockTime, timeOfDay } from "../kit/format.ts";
import { type Explanation, explain, explainCode } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { poll } from "../kit/poll.ts";
import { changePreferences, readPreferences } from "../kit/preferences.ts";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { JoinedStream } from "./joined-stream.ts";
import { playbackPanel } from "./playback-panel.ts";
import { Player } from "./player.ts";
import { PlayerUi } from "./player-ui.ts";
import { recordingPanel } from "./recording-panel.ts";
import { Recovery } from "./recovery.ts";
import { sharedPanel } from "./shared-panel.ts";
import { badgeOf, coverOf, statusOf, type Watched, type WatchState } from "./watch-sentences.ts";

const LOOK_EVERY_MS = 1_000;
const FIGURES_EVERY_MS = 500;
/** What is kept of the stream, and whether its publisher still sends. */
const STREAM_EVERY_MS = 2_000;
/** A publisher that is silent for longer is why a stall lasts. */
const SILENT_MS = 3_000;
/** Further behind than this is not live. */
const BEHIND_MS = 3_000;

/** Plays the stream `name`: now, from the start of what is kept, or as soon as it is there; and again when it comes back. */
export class WatchView extends View {
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #signal: AbortSignal;
  readonly #joined: JoinedStream | undefined;
  readonly #recovery = new Recovery(() => performance.now());
  readonly #video = document.createElement("video");
  readonly #problems: NoticeBoard;
  readonly #problemsRoot = document.createElement("div");
  readonly #ui: PlayerUi;
  #player: Player | undefined;
  #state: WatchState = "absent";
  /** The stream has ended, and what is left of it waits for someone who wants it. */
  #replayable = false;
  /** As the relay told last. */
  #stream: StreamStats | undefined;
  #playsFrom: "live" | "start" = "live";
  #playlistUrl = "";
  #done = "";
  #hasDetails = readPreferences().watchDetails;
  #lookAtStream = (): void => {};

  constructor(context: PageContext, { name, join }: WatchAddress) {
    super(context.main);
    this.#name = name;
    this.#relay = context.relay;
    this.#signal = context.signal;
    this.#video.playsInline = true;
    this.#video.slot = "media";
    this.#video.setAttribute("aria-label", words.watch.videoOf(name));
    this.#problemsRoot.className = "notices";
    this.#problems = new NoticeBoard(this.#problemsRoot);
    if (join !== undefined) this.#joined = this.#joinedFrom(join, context);
    this.#ui = new PlayerUi({
      name,
      video: this.#video,
      signal: this.#signal,
      player: () => this.#player,
      playlistUrl: () => this.#playlistUrl,
      changed: this.changed,
      failed: (thrown) => this.#problems.show(explain(thrown)),
    });
    this.#enter("absent");
    this.draw();
    void this.#run();
  }

  #joinedFrom(join: JoinAddress, { shared }: PageContext): JoinedStream {
    return new JoinedStream(this.#name, join, {
      signal: this.#signal,
      listener: {
        changed: this.changed,
        shared,
        solved: () => this.#problems.clear(),
        problem: (code, message) => this.#problems.show(explainCode(code, message), { tone: "warning" }),
        failed: (thrown) => this.#problems.show(explain(thrown)),
      },
    });
  }

  override stats(): Readonly<Record<string, unknown>> {
    return { name: this.#name, state: this.#state, ...this.#player?.stats() };
  }

  async #run(): Promise<void> {
    let relay: Relay;
    try {
      this.#player = await Player.load(this.#video, {
        changed: () => this.#update(),
        fatal: (error) => void this.#recover(error),
        slowed: () => this.#ui.say(words.watch.said.normalSpeed),
      });
      this.#player.targetMs = readPreferences().latencyMs;
      relay = await this.#relay;
    } catch (thrown) {
      this.#fail(explain(thrown));
      return;
    }
    if (this.#joined?.state === "joined") await this.#joined.join(relay, this.#video, false);
    poll({ everyMs: LOOK_EVERY_MS, signal: this.#signal }, () => this.#look());
    const polling = { everyMs: STREAM_EVERY_MS, signal: this.#signal, onlyShown: true };
    this.#lookAtStream = poll(polling, () => this.#readStream());
    const timer = setInterval(() => this.#update(), FIGURES_EVERY_MS);
    this.#signal.addEventListener("abort", () => {
      clearInterval(timer);
      this.#player?.close();
    });
  }

  /** Looks for the stream while there is nothing to play. */
  async #look(): Promise<void> {
    if (this.#state !== "absent" && this.#state !== "over") return;
    try {
      const relay = await this.#relay;
      const found = (await relay.streams()).find(({ name }) => name === this.#name);
      // Why a stream could not be joined stays to be read.
      if (this.#joined === undefined) this.#problems.clear();
      const first = this.#player?.meter.everPlayed === false;
      const hasMedia = found !== undefined && (found.kept?.windowMs ?? found.windowMs) > 0;
      if (found?.state === "live") {
        this.#open(relay, "live");
      } else if (this.#joined?.mayCome === true) {
        this.#enter("absent");
      } else if (hasMedia && first) {
        // Who comes to a stream that nobody sends wants to see what there is of it.
        this.#open(relay, "start");
      } else if (found !== undefined) {
        this.#replayable = hasMedia;
        this.#enter("over");
      } else if (this.#state === "absent") {
        // relay.url() refuses a name that no stream can have, which waiting would never tell.
        relay.url(this.#name);
      }
      // Nothing plays yet, so that nothing is held up by them.
      if (this.#state === "absent") void this.#ui.load();
    } catch (thrown) {
      const explanation = explain(thrown);
      if (explanation.code === "invalid-name") this.#fail(explanation);
      else this.#problems.show(explanation);
    }
  }

  /** The whole DVR window: one who starts at the live moment may go back as far as it reaches. */
  #open(relay: Relay, from: "live" | "start"): void {
    this.#replayable = false;
    this.#playsFrom = from;
    this.#enter("opening");
    this.#playlistUrl = new URL(relay.url(this.#name), location.href).href;
    this.#player?.open(relay.url(this.#name, { dvr: true }), from);
    this.#lookAtStream();
  }

  /** What is kept of the stream, and how its publisher is. */
  async #readStream(): Promise<void> {
    const relay = await this.#relay;
    try {
      this.#stream = await relay.stats(this.#name);
      this.#playlistUrl = new URL(relay.url(this.#name), location.href).href;
    } catch {
      // Not there, or no answer: whoever needs the stream finds out why, and says so.
      this.#stream = undefined;
    }
    if (!this.#signal.aborted && this.#state !== "failed") this.#update();
  }

  get #title(): string {
    return this.#stream?.kept?.title ?? this.#name;
  }

  async #togglePin(): Promise<void> {
    const on = this.#stream?.kept?.pinned !== true;
    try {
      await (await this.#relay).pin(this.#name, on);
      const { didPin, didUnpin } = words.watch.recording;
      this.#done = (on ? didPin : didUnpin)(this.#title);
      this.#lookAtStream();
    } catch (thrown) {
      this.#problems.show(explain(thrown));
    }
    this.changed();
  }

  /** Removed, or its worker forgot it: back to waiting, which is what is true. */
  #gone(): void {
    this.#player?.close();
    this.#enter("absent");
  }

  async #agree(): Promise<void> {
    this.#joined?.agree();
    this.#enter("absent");
    this.draw();
    this.root.querySelector("h1")?.focus();
    await this.#joined?.join(await this.#relay, this.#video, true);
  }

  async #playAgain(): Promise<void> {
    this.#video.focus();
    try {
      this.#open(await this.#relay, "start");
    } catch (thrown) {
      this.#fail(explain(thrown));
    }
  }

  async #recover(error: ErrorData): Promise<void> {
    const player = this.#player;
    if (player === undefined) return;
    const detail = `${error.details}: ${error.error.message}`;
    try {
      const relay = await this.#relay;
      const found = (await relay.streams()).find(({ name }) => name === this.#name);
      if (found === undefined) {
        this.#gone();
        return;
      }
      const remedy = this.#recovery.next(error);
      if (remedy === "give-up") {
        player.close();
        this.#fail(explainCode("player-gave-up", detail));
        return;
      }
      this.#problems.show({ code: error.details, ...words.watch.interrupted, detail }, { tone: "warning" });
      await new Promise((resolve) => setTimeout(resolve, this.#recovery.delayMs));
      if (this.#signal.aborted || this.#state === "failed") return;
      if (remedy === "recover-media") player.recoverMedia();
      else if (remedy === "start-load") player.startLoad();
      else this.#open(relay, found.state === "live" ? "live" : "start");
    } catch (thrown) {
      player.close();
      this.#fail(explain(thrown));
    }
  }

  #fail(explanation: Explanation): void {
    this.#enter("failed");
    const retry = (): void => {
      this.#problems.clear();
      if (this.#player === undefined) {
        location.reload();
        return;
      }
      this.#recovery.reset();
      this.#enter("absent");
    };
    const wrongName = explanation.code === "invalid-name";
    const action = wrongName
      ? { label: words.watch.seeLive, run: () => location.assign("./?watch") }
      : { label: words.watch.tryAgain, run: retry };
    this.#problems.clear();
    this.#problems.show(explanation, { action });
  }

  /** Reads the state off the video element, and shows it with the figures. */
  #update(): void {
    const player = this.#player;
    if (player === undefined) return;
    const video = this.#video;
    if (this.#state !== "absent" && this.#state !== "failed" && this.#state !== "over") {
      const started = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
      if (video.ended) this.#enter("over");
      else if (player.meter.stalled) this.#enter("stalled");
      else if (started && video.paused && this.#state !== "opening") this.#enter("paused");
      else if (started && !video.paused) this.#enter("playing");
    } else if (this.#state === "over" && !video.ended && video.readyState > 0) {
      // Somebody went back in it.
      if (!video.paused) this.#enter("playing");
    }
    this.#ui.tell(this.#title, this.#state);
    this.changed();
  }

  #enter(state: WatchState): void {
    if (state === "playing" && this.#state !== "playing") this.#problems.clear();
    this.#state = state;
    // Beside the first picture, or where there will be none.
    if (state !== "absent" && state !== "opening") void this.#ui.load();
    this.changed();
  }

  /** What there is to say something about. */
  get #watched(): Watched {
    const player = this.#player;
    const { state, idleMs = 0 } = this.#stream ?? {};
    return {
      name: this.#name,
      state: this.#state,
      join: this.#joined?.state ?? "none",
      everPlayed: player?.meter.everPlayed === true,
      playsFrom: this.#playsFrom,
      isLive: state === "live",
      // It sends nothing, though it did not end the stream.
      isAway: state === "waiting" || (state === "live" && idleMs >= SILENT_MS),
      isOnline: navigator.onLine,
      listIsLive: player?.live,
      isNearLive: (player?.behindMs ?? 0) < BEHIND_MS,
    };
  }

  protected override template(): TemplateResult {
    const watched = this.#watched;
    const { state } = watched;
    const cover = coverOf(watched);
    const status = statusOf(watched);
    const isPlaying = state !== "over" && state !== "absent" && state !== "failed";
    const isLive = isPlaying && this.#player?.live !== false && this.#stream?.state !== "waiting";
    const isAsking = state === "absent" && watched.join === "asked";
    document.title = words.watch.documentTitle(this.#title, isLive);
    return html`
      <div class="watch" data-state=${state} ?data-asking=${isAsking}>
        <div class="view-head">
          <h1 class="stream-title" tabindex="-1">${this.#title}</h1>
          <span class="badge ${isLive ? "badge-live" : ""}">${badgeOf(watched, isLive)}</span>
        </div>
        <div class="watch-grid">
          <div class="watch-main">
            ${this.#ui.stage({
              title: this.#title,
              cover,
              // A stalled picture says so itself.
              waiting: state === "stalled" ? status : "",
              isNearLive: watched.isNearLive,
              agree: isAsking ? () => void this.#agree() : undefined,
              replay:
                state === "over" && (this.#replayable || this.#video.readyState > 0)
                  ? () => void this.#playAgain()
                  : undefined,
            })}
            <div class="watch-bar">
              <p class="status ${cover === undefined ? "" : "visually-hidden"}" role="status">${status}</p>
              ${this.#moment(cover !== undefined)}
              ${this.#actions()}
            </div>
            ${this.#problemsRoot} ${this.#ui.clip.root}
          </div>
          ${this.#aside(isPlaying)}
          <p class="visually-hidden" role="status">${this.#done}</p>
        </div>
      </div>`;
  }

  /** Which moment it is that one sees, and how far one can go back from it. */
  #moment(isCovered: boolean): TemplateResult | typeof nothing {
    const stats = this.#player?.stats();
    if (stats === undefined || isCovered) return nothing;
    const { moment } = words.watch;
    const length = clockTime(stats.windowMs);
    const reach = this.#player?.live === true ? moment.back(length) : moment.all(length);
    const wall = stats.playheadWallMs;
    return html`<p class="moment" data-wall-ms=${wall}>${wall > 0 ? `${timeOfDay(wall)} · ${reach}` : reach}</p>`;
  }

  #actions(): TemplateResult {
    const { actions } = words.watch;
    const kept = this.#stream?.kept;
    const { clip } = this.#ui;
    const hasMedia = (this.#player?.window.endS ?? 0) > 0;
    return html`
      <div class="watch-actions">
        ${
          hasMedia
            ? html`<button type="button" class="button small" aria-expanded=${clip.isOpen} aria-controls="clip-panel" @click=${() => this.#ui.toggleClip()}>${actions.clip}</button>`
            : nothing
        }
        ${
          kept === undefined
            ? nothing
            : html`
              <button type="button" class="button small pin" aria-pressed=${kept.pinned} @click=${() => void this.#togglePin()}>
                <svg class="icon" aria-hidden="true"><use href="/icons.svg#pin"></use></svg>${kept.pinned ? actions.kept : actions.keep}
              </button>`
        }
        <button type="button" class="button small" aria-keyshortcuts="?" @click=${() => this.#ui.showKeys()}>${actions.keys}</button>
        <button type="button" class="button small" aria-expanded=${this.#hasDetails} aria-controls="watch-details" @click=${() => this.#toggleDetails()}>
          ${this.#hasDetails ? actions.hideSide : actions.showSide}
        </button>
      </div>`;
  }

  #toggleDetails(): void {
    this.#hasDetails = !this.#hasDetails;
    changePreferences({ watchDetails: this.#hasDetails });
    this.changed();
  }

  #aside(isPlaying: boolean): TemplateResult {
    const stats = isPlaying && this.#video.videoWidth > 0 ? this.#player?.stats() : undefined;
    const joined = this.#joined;
    return html`
      <aside class="watch-aside" id="watch-details" aria-label=${words.watch.figures.title} ?hidden=${!this.#hasDetails}>
        ${playbackPanel(stats, stats !== undefined && this.#player?.live === true)}
        ${joined?.stats === undefined ? nothing : sharedPanel(joined.stats, { hasOrigin: joined.hasServer, allow: (given) => joined.allow(given) })}
        ${recordingPanel(this.#stream, this.#playlistUrl)}
      </aside>`;
  }
}
