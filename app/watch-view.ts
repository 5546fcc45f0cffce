import type { Relay } from "eddy-hls";
import type { ErrorData } from "hls.js";
import { h, icon, setText } from "./dom.ts";
import { Figures } from "./figures.ts";
import { count, plural, seconds } from "./format.ts";
import { type Explanation, explain, explainCode } from "./messages.ts";
import { NoticeBoard } from "./notice.ts";
import { Player } from "./player.ts";
import { poll } from "./poll.ts";
import { Recovery } from "./recovery.ts";

/** `absent`: not published yet. `opening`: found, first media on its way. `over`: ended, and played to its end. */
type WatchState = "absent" | "opening" | "playing" | "stalled" | "paused" | "over" | "failed";

const LOOK_EVERY_MS = 1_000;
const FIGURES_EVERY_MS = 500;
/** A stall this long is worth asking whether the publisher still sends. */
const ASK_AFTER_STALL_MS = 3_000;
/** Further behind than this, the way back to live is offered. */
const BEHIND_MS = 3_000;

/** Plays the stream `name`: now, or as soon as it is there, and again when it comes back. */
export class WatchView {
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #signal: AbortSignal;
  readonly #recovery = new Recovery(() => performance.now());
  #player: Player | undefined;
  #state: WatchState = "absent";
  /** The stream has ended, and what is left of it waits for someone who wants it. */
  #replayable = false;
  #silentMs: number | undefined;
  #askedAt = 0;

  readonly #video = h("video", { controls: true, playsinline: true });
  readonly #badge = h("span", { class: "badge" });
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #cover = h("div", { class: "stage-cover" });
  readonly #coverTitle = h("p", { class: "cover-title" });
  readonly #coverText = h("p", {});
  readonly #replay = h("button", { type: "button", class: "button", hidden: true }, "Replay what is kept");
  readonly #unmute = h(
    "button",
    { type: "button", class: "button unmute", hidden: true },
    icon("sound-off"),
    "Turn the sound on",
  );
  readonly #toLive = h("button", { type: "button", class: "button small", hidden: true }, "Jump to live");
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

  constructor(main: HTMLElement, name: string, relay: Promise<Relay>, signal: AbortSignal) {
    this.#name = name;
    this.#relay = relay;
    this.#signal = signal;
    const problems = h("div", { class: "notices" });
    this.#problems = new NoticeBoard(problems);
    this.#video.setAttribute("aria-label", `Video of ${name}`);
    this.#cover.append(this.#coverTitle, this.#coverText, this.#replay);
    this.#root.append(
      h("div", { class: "view-head" }, h("h1", { class: "stream-title" }, name), this.#badge),
      h(
        "div",
        { class: "live-grid" },
        h(
          "div",
          { class: "live-main" },
          h("div", { class: "stage" }, this.#video, this.#cover, this.#unmute),
          h("div", { class: "status-row" }, this.#status, this.#toLive),
          problems,
        ),
        h(
          "aside",
          { class: "panel live-side", "aria-labelledby": "playback-heading" },
          h("h2", { id: "playback-heading" }, "Playback"),
          this.#figures.element,
        ),
      ),
    );
    main.replaceChildren(this.#root);
    this.#unmute.addEventListener("click", () => {
      this.#player?.unmute();
      this.#video.focus();
    });
    this.#toLive.addEventListener("click", () => this.#player?.toLive());
    this.#replay.addEventListener("click", () => void this.#playAgain());
    this.#enter("absent");
    void this.#run();
  }

  /** Figures and state as plain data. */
  stats(): Readonly<Record<string, unknown>> {
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
    poll(LOOK_EVERY_MS, this.#signal, () => this.#look());
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
      this.#problems.clear();
      if (found?.state === "live") {
        this.#open(relay.url(this.#name));
      } else if (found !== undefined) {
        this.#replayable = found.windowMs > 0;
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

  #open(url: string): void {
    this.#replayable = false;
    this.#enter("opening");
    this.#player?.open(url);
  }

  async #playAgain(): Promise<void> {
    const player = this.#player;
    if (player === undefined) return;
    this.#video.focus();
    try {
      this.#open((await this.#relay).url(this.#name));
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
        // Removed, or its worker forgot it: back to waiting, which is what is true.
        player.close();
        this.#enter("absent");
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
      else this.#open(relay.url(this.#name));
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
    if (this.#state === "stalled") void this.#askForSilence();
    else this.#silentMs = undefined;
    this.#unmute.hidden = !player.mutedToPlay;
    this.#toLive.hidden = player.behindMs < BEHIND_MS || this.#state === "over";
    setText(this.#status, this.#sentence());
    this.#showFigures(player);
  }

  /** A long stall: is it the player, or does the publisher send nothing? */
  async #askForSilence(): Promise<void> {
    const now = performance.now();
    if (now - this.#askedAt < ASK_AFTER_STALL_MS) return;
    this.#askedAt = now;
    try {
      const { idleMs } = await (await this.#relay).stats(this.#name);
      this.#silentMs = idleMs !== undefined && idleMs >= ASK_AFTER_STALL_MS ? idleMs : undefined;
    } catch (thrown) {
      this.#problems.show(explain(thrown));
    }
  }

  #enter(state: WatchState): void {
    if (state === "playing" && this.#state !== "playing") this.#problems.clear();
    this.#state = state;
    this.#root.dataset.state = state;
    const cover = this.#coverSentences();
    this.#cover.hidden = cover === undefined;
    // The cover says the same to the eye; the status stays for who listens.
    this.#status.classList.toggle("visually-hidden", cover !== undefined);
    // The controls of a video without media only invite clicks that do nothing.
    this.#video.controls = cover === undefined;
    if (cover !== undefined) {
      setText(this.#coverTitle, cover.title);
      setText(this.#coverText, cover.text);
    }
    this.#replay.hidden = !(state === "over" && (this.#replayable || this.#video.readyState > 0));
    const live = state !== "over" && state !== "absent" && state !== "failed" && this.#player?.live !== false;
    this.#badge.classList.toggle("badge-live", live);
    setText(this.#badge, live ? "Live" : state === "absent" ? "Not live" : state === "failed" ? "Stopped" : "Ended");
    document.title = `${live ? "● " : ""}${this.#name} – Eddy`;
    setText(this.#status, this.#sentence());
  }

  #coverSentences(): { readonly title: string; readonly text: string } | undefined {
    switch (this.#state) {
      case "absent":
        return this.#player?.meter.everPlayed
          ? {
              title: `${this.#name} is gone`,
              text: "Its publisher has left. If it comes back, it starts here by itself.",
            }
          : { title: `${this.#name} is not live yet`, text: "It starts here by itself as soon as it is." };
      case "opening":
        return { title: "Starting", text: "The first segment of a new stream takes about two seconds." };
      case "over":
        return { title: "The stream has ended", text: "If it is published again, it starts here by itself." };
      case "failed":
        return { title: "This cannot be played", text: "Why, and what may help, stands below." };
      default:
        return undefined;
    }
  }

  /** For the live region: says what changed, and nothing that ticks. */
  #sentence(): string {
    const ending = this.#player?.live === false;
    switch (this.#state) {
      case "absent":
        return "Waiting for the stream. This page looks for it every second.";
      case "opening":
        return "Loading the stream.";
      case "playing":
        return ending ? "The stream has ended. This is the rest of it." : "Playing live.";
      case "stalled":
        return this.#silentMs === undefined
          ? "Waiting for video."
          : "The publisher sends nothing at the moment. Its tab may be closed or its machine asleep.";
      case "paused":
        return "Paused.";
      case "over":
        return "The stream has ended.";
      case "failed":
        return "Playback has stopped.";
    }
  }

  #showFigures(player: Player): void {
    const stats = player.stats();
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
