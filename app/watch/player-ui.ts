import { html, type TemplateResult } from "lit-html";
import { timeOfDay } from "../kit/format.ts";
import { AppError } from "../kit/messages.ts";
import { changePreferences, readPreferences } from "../kit/preferences.ts";
import { ScreenLock } from "../kit/screen-lock.ts";
import { words } from "../words/words.ts";
import { choicesOf } from "./choices.ts";
import { ClipPanel } from "./clip-panel.ts";
import { type Controls, controls } from "./controls.ts";
import { type KeyActions, listenToKeys } from "./keyboard.ts";
import { KeysDialog } from "./keys-dialog.ts";
import type { Player } from "./player.ts";
import { playerActions } from "./player-actions.ts";
import { SystemMedia } from "./presence.ts";
import { momentText, SeekPreview } from "./seek-preview.ts";
import { type Stage, stage } from "./stage.ts";
import type { WatchState } from "./watch-sentences.ts";

/** How long what a key has done stands on the picture. */
const SAID_MS = 2_000;

export interface PlayerUiOptions {
  readonly name: string;
  readonly video: HTMLVideoElement;
  readonly signal: AbortSignal;
  readonly player: () => Player | undefined;
  readonly playlistUrl: () => string;
  readonly changed: () => void;
  readonly failed: (thrown: unknown) => void;
}

/** All that a person does to a playback: controls, menus, keys, the bar with its pictures, the clip; and what the system is told of it. */
export class PlayerUi {
  readonly clip: ClipPanel;
  readonly #options: PlayerUiOptions;
  readonly #preview: SeekPreview;
  readonly #keys: KeysDialog;
  readonly #actions: KeyActions;
  readonly #media: SystemMedia;
  readonly #screen: ScreenLock;
  #isLoading = false;
  #isLoaded = false;
  #said = "";
  #saidTimer: ReturnType<typeof setTimeout> | undefined;
  /** The bar whose words are ours. */
  #bar: Element | null = null;

  constructor(options: PlayerUiOptions) {
    const { name, video, signal, player, playlistUrl, changed, failed } = options;
    this.#options = options;
    this.#preview = new SeekPreview(player, signal);
    this.#keys = new KeysDialog({
      read: () => readPreferences().playerKeys,
      write: (playerKeys) => void changePreferences({ playerKeys }),
    });
    const window = () =>
      player()?.window ?? {
        startS: 0,
        endS: 0,
        wallMsAt: () => undefined,
        positionAt: () => undefined,
        segmentAt: () => undefined,
      };
    this.clip = new ClipPanel({
      name,
      signal,
      window,
      changed,
      failed,
      url: playlistUrl,
      nowMs: () => player()?.stats().playheadWallMs ?? 0,
    });
    this.#actions = playerActions({
      video,
      player,
      choices: () => this.#choices,
      say: (sentence) => this.say(sentence),
      mark: (end) => this.#mark(end),
      showKeys: () => this.showKeys(),
    });
    listenToKeys(() => video.closest(".stage"), this.#actions, { signal, isOn: () => readPreferences().playerKeys });
    this.#media = new SystemMedia(
      {
        play: () => void player()?.play(),
        pause: () => video.pause(),
        stop: () => video.pause(),
        seekBy: (seconds) => player()?.seekBy(seconds),
        seekTo: (seconds) => player()?.seekTo(window().startS + seconds),
      },
      signal,
    );
    this.#screen = new ScreenLock(signal);
    signal.addEventListener("abort", () => clearTimeout(this.#saidTimer));
  }

  /** Loads the controls; the browser's own stand in where that fails. */
  async load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const { video, changed, failed } = this.#options;
    try {
      const { controlElements } = await import("./control-elements.ts");
      await Promise.all(controlElements.map((name) => customElements.whenDefined(name)));
      this.#isLoaded = true;
      // Upgraded, it has called itself a video player.
      video.parentElement?.setAttribute("aria-label", words.watch.playerOf(this.#options.name));
    } catch (cause) {
      video.controls = true;
      failed(new AppError("controls-not-loaded", String(cause), { cause }));
    }
    changed();
  }

  showKeys(): void {
    this.#keys.open();
  }

  toggleClip(): void {
    if (this.clip.isOpen) this.clip.close();
    else this.clip.open();
  }

  say(sentence: string): void {
    clearTimeout(this.#saidTimer);
    this.#said = sentence;
    this.#options.changed();
    this.#saidTimer = setTimeout(() => {
      this.#said = "";
      this.#options.changed();
    }, SAID_MS);
  }

  /** Tells the system what plays, and keeps the screen on while it does. */
  tell(title: string, state: WatchState): void {
    const player = this.#options.player();
    if (player === undefined) return;
    const { startS, endS } = player.window;
    const isPlaying = state === "playing" || state === "stalled";
    this.#screen.want(isPlaying);
    this.#media.show({
      title,
      state: isPlaying ? "playing" : state === "paused" ? "paused" : "none",
      isLive: player.live === true,
      positionS: this.#options.video.currentTime - startS,
      lengthS: endS - startS,
      rate: this.#options.video.playbackRate,
    });
  }

  stage(
    view: Pick<Stage, "cover" | "waiting" | "agree" | "replay"> & { readonly isNearLive: boolean },
  ): TemplateResult {
    const { video } = this.#options;
    const player = this.#options.player();
    // Without media they only invite clicks that do nothing.
    const isOfUse =
      player !== undefined && (view.cover === undefined || (view.replay !== undefined && video.readyState > 0));
    if (this.#isLoaded) queueMicrotask(() => this.#nameBar());
    return stage({
      ...view,
      video,
      said: this.#said,
      fullScreen: () => this.#actions.fullScreen(),
      unmute: player?.mutedToPlay === true && view.cover === undefined ? () => this.#unmute() : undefined,
      controls: this.#isLoaded && isOfUse ? controls(this.#controls(player, view.isNearLive)) : html``,
    });
  }

  get #choices() {
    const player = this.#options.player();
    if (player === undefined) return [];
    return choicesOf(player, (targetMs) => {
      player.targetMs = targetMs;
      changePreferences({ latencyMs: targetMs });
    });
  }

  #controls(player: Player, isNearLive: boolean): Controls {
    const { video } = this.#options;
    const { latencyMs, windowMs, positionMs } = player.stats();
    const { startS } = player.window;
    const choices = this.#choices;
    return {
      choices,
      isNearLive,
      windowMs,
      marks: this.#marks(player),
      behindMs: player.live === true ? latencyMs : undefined,
      positionMs: positionMs - startS * 1000,
      hasSubtitles: choices.some(({ key }) => key === "subtitles"),
      preview: this.#preview.root,
      seekTo: (positionS) => player.seekTo(positionS),
      toLive: () => player.toLive(),
      pointed: (event) => {
        const bar = (event.currentTarget as Element).querySelector("media-time-range");
        if (bar !== null) this.#preview.pointTo(event.clientX, bar.getBoundingClientRect());
      },
      left: () => this.#preview.hide(),
      focused: (event) => {
        // The host of a shadow tree does not tell how what is in it came to have the focus.
        const [input] = event.composedPath();
        if (input instanceof Element && input.matches(":focus-visible")) this.#preview.showAt(video.currentTime);
      },
    };
  }

  #marks(player: Player): Controls["marks"] {
    const { marks } = this.clip;
    const { startS, endS, positionAt } = player.window;
    const [from, to] = [marks && positionAt(marks.fromMs), marks && positionAt(marks.toMs)];
    if (from === undefined || to === undefined || endS <= startS) return undefined;
    return { from: (from - startS) / (endS - startS), to: (to - startS) / (endS - startS) };
  }

  /** media-chrome tells seconds of the media, which say nothing of a live stream: the bar tells the time of day. */
  #nameBar(): void {
    const bar = this.#options.video.parentElement?.querySelector("media-time-range") ?? null;
    if (bar === this.#bar || bar === null) return;
    this.#bar = bar;
    const input = bar.shadowRoot?.querySelector("input");
    if (!input) return;
    const name = (): void => {
      const player = this.#options.player();
      if (player === undefined) return;
      const { time, place } = momentText(player, this.#options.video.currentTime);
      const text = words.watch.controls.at(time, place);
      if (input.getAttribute("aria-valuetext") !== text) input.setAttribute("aria-valuetext", text);
      if (bar.matches(":focus-within") && !this.#preview.root.hidden)
        this.#preview.showAt(this.#options.video.currentTime);
    };
    new MutationObserver(name).observe(input, { attributeFilter: ["aria-valuetext"] });
    name();
  }

  #unmute(): void {
    this.#options.player()?.unmute();
    this.#options.video.focus();
  }

  #mark(end: "in" | "out"): void {
    const wallMs = this.clip.markNow(end);
    if (wallMs === undefined) return;
    const { markedIn, markedOut } = words.watch.said;
    this.say((end === "in" ? markedIn : markedOut)(timeOfDay(wallMs)));
  }
}
