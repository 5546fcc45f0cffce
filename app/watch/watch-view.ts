import type { Relay, Session, StreamStats } from "eddy-hls";
import type { ErrorData } from "hls.js";
import { html, type TemplateResult } from "lit-html";
import { hasRelay, type JoinAddress, type WatchAddress } from "../address.ts";
import { h, icon, setText } from "../kit/dom.ts";
import { Figures } from "../kit/figures.ts";
import { count, plural, seconds } from "../kit/format.ts";
import { joinOptions } from "../kit/join-sources.ts";
import { type Explanation, explain, explainCode } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { poll } from "../kit/poll.ts";
import { type PageContext, View } from "../kit/view.ts";
import { titleOf } from "../library/stream-facts.ts";
import { words } from "../words/words.ts";
import { Player } from "./player.ts";
import { RecordingPanel } from "./recording-panel.ts";
import { Recovery } from "./recovery.ts";
import { BACK_MS, BEHIND_MS, RewindBar } from "./rewind-bar.ts";
import { SharedPanel } from "./shared-panel.ts";
import { coverOf, type JoinState, statusOf, type Watched, type WatchState } from "./watch-sentences.ts";

const LOOK_EVERY_MS = 1_000;
const FIGURES_EVERY_MS = 500;
/** What is kept of the stream, and whether its publisher still sends. */
const STREAM_EVERY_MS = 2_000;
/** A publisher that is silent for longer is why a stall lasts. */
const SILENT_MS = 3_000;
/** A stream that is joined may take this long to come, before what is kept of it is played instead. */
const JOIN_MS = 10_000;

/** Plays the stream `name`: now, from the start of what is kept, or as soon as it is there; and again when it comes back. */
export class WatchView extends View {
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #signal: AbortSignal;
  readonly #context: PageContext;
  readonly #join: JoinAddress | undefined;
  #session: Session | undefined;
  #joinedAtMs: number | undefined;
  #joining: JoinState = "none";
  readonly #recovery = new Recovery(() => performance.now());
  #player: Player | undefined;
  #state: WatchState = "absent";
  /** The stream has ended, and what is left of it waits for someone who wants it. */
  #replayable = false;
  /** As the relay told last. */
  #stream: StreamStats | undefined;
  #playsFrom: "live" | "start" = "live";

  readonly #video = h("video", { controls: true, playsinline: true });
  readonly #badge = h("span", { class: "badge" });
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #cover = h("div", { class: "stage-cover" });
  readonly #coverTitle = h("p", { class: "cover-title" });
  readonly #coverText = h("p", {});
  readonly #agree = h("button", { type: "button", class: "button primary", hidden: true }, "Connect and watch");
  readonly #replay = h("button", { type: "button", class: "button", hidden: true }, "Replay what is kept");
  readonly #unmute = h(
    "button",
    { type: "button", class: "button unmute", hidden: true },
    icon("sound-off"),
    "Turn the sound on",
  );
  readonly #heading = h("h1", { class: "stream-title" });
  readonly #main = h("div", { class: "live-main" });
  readonly #rewind = new RewindBar(this.#main, {
    back: () => this.#player?.back(BACK_MS),
    live: () => this.#player?.toLive(),
  });
  readonly #recording: RecordingPanel;
  readonly #sharing: SharedPanel | undefined;
  readonly #done = h("p", { class: "visually-hidden", role: "status" });
  #lookAtStream = (): void => {};
  readonly #root = h("div", { class: "watch" });
  readonly #problems: NoticeBoard;
  readonly #figures = new Figures("Playback figures", [
    { key: "latency", label: "Latency", hint: "From the moment a picture was encoded to the moment it is shown here" },
    { key: "target", label: "Target latency", hint: "What the player aims at; each stall raises it for a while" },
    { key: "buffer", label: "Buffer ahead", hint: "Video that is loaded and not yet shown" },
    { key: "stalls", label: "Stalls", hint: "Interruptions since the first picture" },
    { key: "resolution", label: "Resolution" },
    { key: "dropped", label: "Dropped frames" },
    { key: "parts", label: "Loaded as parts", hint: "The rest came as whole segments" },
  ]);

  constructor(context: PageContext, { name, join }: WatchAddress) {
    super(context.main);
    const { relay } = context;
    this.#name = name;
    this.#relay = relay;
    this.#signal = context.signal;
    this.#context = context;
    this.#join = join;
    if (join !== undefined) {
      this.#joining = join.peers === "ask" ? "asked" : "joined";
      const hasServer = join.origin !== undefined || hasRelay(join);
      this.#sharing = new SharedPanel(hasServer, (allowed) => this.#session?.setConsent(allowed));
      this.#agree.addEventListener("click", () => {
        this.#joining = "joined";
        this.#enter("absent");
        this.#heading.focus();
        void this.#joinStream(join, true);
      });
    }
    const problems = h("div", { class: "notices" });
    this.#problems = new NoticeBoard(problems);
    this.#video.setAttribute("aria-label", `Video of ${name}`);
    this.#cover.append(this.#coverTitle, this.#coverText, this.#agree, this.#replay);
    this.#recording = new RecordingPanel(relay, {
      changed: (sentence) => this.#announce(sentence),
      removed: (sentence) => {
        this.#announce(sentence);
        this.#gone();
        this.#heading.focus();
      },
      failed: (thrown) => this.#problems.show(explain(thrown)),
    });
    this.#heading.tabIndex = -1;
    setText(this.#heading, name);
    this.#main.append(
      h("div", { class: "stage" }, this.#video, this.#cover, this.#unmute),
      this.#rewind.element,
      h("div", { class: "status-row" }, this.#status),
      problems,
    );
    this.#root.append(
      h("div", { class: "view-head" }, this.#heading, this.#badge),
      h(
        "div",
        { class: "live-grid" },
        this.#main,
        h(
          "aside",
          { class: "live-aside", "aria-label": "About this stream" },
          h(
            "section",
            { class: "panel live-side", "aria-labelledby": "playback-heading" },
            h("h2", { id: "playback-heading" }, "Playback"),
            this.#figures.element,
          ),
          this.#sharing?.element,
          this.#recording.element,
          this.#done,
        ),
      ),
    );
    this.draw();
    this.#unmute.addEventListener("click", () => {
      this.#player?.unmute();
      this.#video.focus();
    });
    this.#replay.addEventListener("click", () => void this.#playAgain());
    this.#enter("absent");
    void this.#run();
  }

  protected override template(): TemplateResult {
    return html`${this.#root}`;
  }

  override stats(): Readonly<Record<string, unknown>> {
    return { name: this.#name, state: this.#state, ...this.#player?.stats() };
  }

  async #run(): Promise<void> {
    try {
      this.#player = await Player.load(this.#video, {
        changed: () => this.#update(),
        fatal: (error) => void this.#recover(error),
      });
      await this.#relay;
    } catch (thrown) {
      this.#fail(explain(thrown));
      return;
    }
    const join = this.#join;
    if (join !== undefined && join.peers !== "ask") await this.#joinStream(join, join.peers === "on");
    poll({ everyMs: LOOK_EVERY_MS, signal: this.#signal }, () => this.#look());
    const polling = { everyMs: STREAM_EVERY_MS, signal: this.#signal, onlyShown: true };
    this.#lookAtStream = poll(polling, () => this.#readStream());
    const timer = setInterval(() => this.#update(), FIGURES_EVERY_MS);
    this.#signal.addEventListener("abort", () => {
      clearInterval(timer);
      this.#player?.close();
    });
  }

  async #joinStream(join: JoinAddress, withPeers: boolean): Promise<void> {
    try {
      const relay = await this.#relay;
      const session = await relay.join(this.#name, joinOptions(join, withPeers));
      this.#session = session;
      this.#joinedAtMs = performance.now();
      session.attach(this.#video);
      // Who asks for other viewers gives as well; the checkbox takes it back.
      if (withPeers) session.setConsent(true);
      this.#sharing?.show(session.stats());
      session.addEventListener("stats", ({ detail }) => this.#sharing?.show(detail));
      session.addEventListener("problem", ({ detail: { code, message } }) => {
        if (code === undefined) this.#problems.clear();
        else this.#problems.show(explainCode(code, message), { tone: "warning" });
      });
      this.#context.shared(session);
      this.#signal.addEventListener("abort", () => void session.close());
    } catch (thrown) {
      // What is kept of it may still be there to play.
      this.#joining = "none";
      this.#problems.show(explain(thrown));
    }
  }

  /** Whether the stream may still come from elsewhere, so that what is kept of it is not what to play. */
  get #mayCome(): boolean {
    if (this.#session === undefined) return this.#joining !== "none";
    return performance.now() - (this.#joinedAtMs ?? 0) < JOIN_MS;
  }

  /** Looks for the stream while there is nothing to play. */
  async #look(): Promise<void> {
    if (this.#state !== "absent" && this.#state !== "over") return;
    try {
      const relay = await this.#relay;
      const found = (await relay.streams()).find(({ name }) => name === this.#name);
      // Why a stream could not be joined stays to be read.
      if (this.#join === undefined) this.#problems.clear();
      const first = this.#player?.meter.everPlayed === false;
      if (found?.state === "live") {
        this.#open(relay, "live");
      } else if (this.#mayCome) {
        this.#enter("absent");
      } else if (found !== undefined && first && (found.kept?.windowMs ?? found.windowMs) > 0) {
        // Who comes to a stream that nobody sends wants to see what there is of it.
        this.#open(relay, "start");
      } else if (found !== undefined) {
        this.#replayable = (found.kept?.windowMs ?? found.windowMs) > 0;
        this.#enter("over");
      } else if (this.#state === "absent") {
        // relay.url() refuses a name that no stream can have, which waiting would never tell.
        relay.url(this.#name);
      }
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
    this.#player?.open(relay.url(this.#name, { dvr: true }), from);
    this.#lookAtStream();
  }

  /** What is kept of the stream, and how its publisher is. */
  async #readStream(): Promise<void> {
    const relay = await this.#relay;
    try {
      this.#stream = await relay.stats(this.#name);
    } catch {
      // Not there, or no answer: whoever needs the stream finds out why, and says so.
      this.#stream = undefined;
    }
    if (this.#signal.aborted || this.#state === "failed") return;
    this.#recording.show(this.#stream, relay.url(this.#name));
    setText(this.#heading, this.#title);
    this.#update();
  }

  get #title(): string {
    return this.#stream === undefined ? this.#name : titleOf(this.#stream);
  }

  #announce(sentence: string): void {
    setText(this.#done, sentence);
    this.#lookAtStream();
  }

  /** Removed, or its worker forgot it: back to waiting, which is what is true. */
  #gone(): void {
    this.#player?.close();
    this.#enter("absent");
  }

  async #playAgain(): Promise<void> {
    const player = this.#player;
    if (player === undefined) return;
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
      this.#problems.show(
        {
          code: error.details,
          cause: "Playback was interrupted.",
          remedy: "The player is taking it up again by itself.",
          detail,
        },
        { tone: "warning" },
      );
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
      ? { label: "See what is live", run: () => location.assign("./?watch") }
      : { label: "Try again", run: retry };
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
    } else if (this.#state === "over" && !video.paused && !video.ended && video.readyState > 0) {
      // Replayed with the controls of the video itself.
      this.#enter("playing");
    }
    this.#unmute.hidden = !player.mutedToPlay;
    setText(this.#status, statusOf(this.#watched));
    this.#showFigures(player);
  }

  /** Whether the publisher sends nothing, though it did not end the stream. */
  get #away(): boolean {
    const { state, idleMs = 0 } = this.#stream ?? {};
    return state === "waiting" || (state === "live" && idleMs >= SILENT_MS);
  }

  #enter(state: WatchState): void {
    if (state === "playing" && this.#state !== "playing") this.#problems.clear();
    this.#state = state;
    this.#root.dataset.state = state;
    const cover = coverOf(this.#watched);
    this.#cover.hidden = cover === undefined;
    // The cover says the same to the eye; the status stays for who listens.
    this.#status.classList.toggle("visually-hidden", cover !== undefined);
    // The controls of a video without media only invite clicks that do nothing.
    this.#video.controls = cover === undefined;
    if (cover !== undefined) {
      setText(this.#coverTitle, cover.title);
      setText(this.#coverText, cover.text);
    }
    this.#agree.hidden = !(state === "absent" && this.#joining === "asked");
    this.#root.toggleAttribute("data-asking", !this.#agree.hidden);
    this.#replay.hidden = !(state === "over" && (this.#replayable || this.#video.readyState > 0));
    this.#showBadge();
    setText(this.#status, statusOf(this.#watched));
  }

  #showBadge(): void {
    const state = this.#state;
    const playing = state !== "over" && state !== "absent" && state !== "failed";
    const live = playing && this.#player?.live !== false && this.#stream?.state !== "waiting";
    if (playing || state === "over")
      setText(this.#badge, words.library.states[live ? "live" : playing && this.#away ? "waiting" : "ended"]);
    else if (state === "absent") setText(this.#badge, this.#joining === "none" ? "Not live" : "Not connected");
    else setText(this.#badge, "Stopped");
    this.#badge.classList.toggle("badge-live", live);
    document.title = `${live ? "● " : ""}${this.#title} – Eddy`;
  }

  /** What there is to say something about. */
  get #watched(): Watched {
    const player = this.#player;
    return {
      name: this.#name,
      state: this.#state,
      join: this.#joining,
      everPlayed: player?.meter.everPlayed === true,
      playsFrom: this.#playsFrom,
      isLive: this.#stream?.state === "live",
      isAway: this.#away,
      isOnline: navigator.onLine,
      listIsLive: player?.live,
      isNearLive: (player?.behindMs ?? 0) < BEHIND_MS,
    };
  }

  #showFigures(player: Player): void {
    const stats = player.stats();
    this.#showBadge();
    this.#rewind.show(stats, player.live === true ? player.behindMs : undefined);
    const running = stats.width > 0 && this.#state !== "absent";
    const live = running && player.live === true;
    const figures = this.#figures;
    figures.set("latency", live ? seconds(stats.latencyMs) : "–", stats.latencyMs);
    figures.set("target", live ? seconds(stats.targetLatencyMs) : "–", stats.targetLatencyMs);
    figures.set("buffer", running ? seconds(stats.bufferAheadMs) : "–", stats.bufferAheadMs);
    const lost = stats.stalls > 0 ? `${plural(stats.stalls, "stall")}, ${seconds(stats.stalledMs)}` : "none";
    figures.set("stalls", lost, stats.stalls);
    figures.set("resolution", running ? `${stats.width} × ${stats.height}` : "–", `${stats.width}x${stats.height}`);
    const frames = `${count(stats.droppedFrames)} of ${count(stats.decodedFrames)}`;
    figures.set("dropped", running ? frames : "–", stats.droppedFrames);
    const share = stats.loads > 0 ? stats.partLoads / stats.loads : 0;
    figures.set("parts", stats.loads > 0 ? `${Math.floor(share * 100)} % of ${count(stats.loads)}` : "–", share);
  }
}
