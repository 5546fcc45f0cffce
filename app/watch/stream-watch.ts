import type { Relay } from "eddy-hls";
import type { ErrorData } from "hls.js";
import type { JoinAddress } from "../address.ts";
import { type Explanation, explain, explainCode } from "../kit/messages.ts";
import type { NoticeOptions } from "../kit/notice.ts";
import { poll } from "../kit/poll.ts";
import { readPreferences } from "../kit/preferences.ts";
import { words } from "../words/words.ts";
import { JoinedStream, type JoinListener } from "./joined-stream.ts";
import { Player } from "./player.ts";
import { Recovery } from "./recovery.ts";
import { RelayStream } from "./relay-stream.ts";
import type { Watched, WatchState } from "./watch-sentences.ts";

const LOOK_EVERY_MS = 1_000;
const FIGURES_EVERY_MS = 500;
/** Further behind than this is not live. */
const BEHIND_MS = 3_000;

export interface WatchListener {
  /** Something that is shown has changed. */
  changed(): void;
  entered(state: WatchState): void;
  problem(explanation: Explanation, options?: Omit<NoticeOptions, "onDismiss">): void;
  /** Whatever was wrong is no more. */
  solved(): void;
  say(sentence: string): void;
  shared: JoinListener["shared"];
}

export interface StreamWatchOptions {
  readonly name: string;
  readonly join: JoinAddress | undefined;
  readonly relay: Promise<Relay>;
  readonly signal: AbortSignal;
  readonly video: HTMLVideoElement;
  readonly listener: WatchListener;
}

/** One stream, from looking for it to its end: what state it is in, and what plays of it. Nothing here is drawn. */
export class StreamWatch {
  readonly joined: JoinedStream | undefined;
  readonly stream: RelayStream;
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #signal: AbortSignal;
  readonly #video: HTMLVideoElement;
  readonly #listener: WatchListener;
  readonly #recovery = new Recovery(() => performance.now());
  #player: Player | undefined;
  #state: WatchState = "absent";
  /** The stream has ended, and what is left of it waits for someone who wants it. */
  #replayable = false;
  #playsFrom: "live" | "start" = "live";
  /** It has a relay and a player, and looks for the stream from now on. */
  #isLooking = false;

  constructor({ name, join, relay, signal, video, listener }: StreamWatchOptions) {
    this.#name = name;
    this.#relay = relay;
    this.#signal = signal;
    this.#video = video;
    this.#listener = listener;
    this.stream = new RelayStream(name, relay, {
      changed: () => this.#update(),
      problem: (explanation) => listener.problem(explanation),
    });
    if (join === undefined) return;
    this.joined = new JoinedStream(name, join, {
      signal,
      listener: {
        changed: listener.changed,
        shared: listener.shared,
        solved: listener.solved,
        problem: (code, message) => listener.problem(explainCode(code, message), { tone: "warning" }),
        failed: (explanation) => listener.problem(explanation),
      },
    });
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Undefined until hls.js is there. */
  get player(): Player | undefined {
    return this.#player;
  }

  get canReplay(): boolean {
    return this.#state === "over" && (this.#replayable || this.#video.readyState > 0);
  }

  /** Looks for the stream, and plays it as soon as it is there, until the signal is aborted. */
  async start(): Promise<void> {
    let relay: Relay;
    try {
      this.#player = await Player.load(this.#video, {
        changed: () => this.#update(),
        fatal: (error) => void this.#recover(error),
        slowed: () => this.#listener.say(words.watch.said.normalSpeed),
      });
      this.#player.targetMs = readPreferences().latencyMs;
      relay = await this.#relay;
    } catch (thrown) {
      this.#fail(explain(thrown));
      return;
    }
    if (this.joined?.state === "joined") await this.joined.join(relay, this.#video, false);
    this.#isLooking = true;
    poll({ everyMs: LOOK_EVERY_MS, signal: this.#signal }, () => this.#look());
    this.stream.watch(this.#signal);
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
      const found = await this.stream.find();
      // Why a stream could not be joined stays to be read.
      if (this.joined === undefined) this.#listener.solved();
      const first = this.#player?.meter.everPlayed === false;
      const hasMedia = found !== undefined && (found.kept?.windowMs ?? found.windowMs) > 0;
      if (found?.state === "live") {
        this.#open(relay, "live");
      } else if (this.joined?.mayCome === true) {
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
      if (this.#state === "absent") this.#listener.entered("absent");
    } catch (thrown) {
      const explanation = explain(thrown);
      if (explanation.code === "invalid-name") this.#fail(explanation);
      else this.#listener.problem(explanation);
    }
  }

  /** The whole DVR window: one who starts at the live moment may go back as far as it reaches. */
  #open(relay: Relay, from: "live" | "start"): void {
    this.#replayable = false;
    this.#playsFrom = from;
    this.#enter("opening");
    this.#player?.open(relay.url(this.#name, { dvr: true }), from);
    this.stream.lookNow();
  }

  /** Removed, or its worker forgot it: back to waiting, which is what is true. */
  #gone(): void {
    this.#player?.close();
    this.#enter("absent");
  }

  /** The person agrees to connect to other viewers. */
  async agree(): Promise<void> {
    this.joined?.agree();
    this.#enter("absent");
    await this.joined?.join(await this.#relay, this.#video, true);
  }

  async playAgain(): Promise<void> {
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
      const found = await this.stream.find();
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
      this.#listener.problem({ code: error.details, ...words.watch.interrupted, detail }, { tone: "warning" });
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
      this.#listener.solved();
      // Without one of them nobody would look.
      if (!this.#isLooking) {
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
    this.#listener.solved();
    this.#listener.problem(explanation, { action });
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
    this.#listener.changed();
  }

  #enter(state: WatchState): void {
    if (state === "playing" && this.#state !== "playing") this.#listener.solved();
    this.#state = state;
    this.#listener.entered(state);
  }

  /** What there is to say something about. */
  get watched(): Watched {
    const player = this.#player;
    return {
      name: this.#name,
      state: this.#state,
      join: this.joined?.state ?? "none",
      hasServer: this.joined?.hasServer === true,
      everPlayed: player?.meter.everPlayed === true,
      playsFrom: this.#playsFrom,
      isLive: this.stream.isLive,
      isAway: this.stream.isAway,
      isOnline: navigator.onLine,
      listIsLive: player?.live,
      isNearLive: (player?.behindMs ?? 0) < BEHIND_MS,
    };
  }
}
