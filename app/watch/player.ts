import type { ErrorData, default as HlsPlayer } from "hls.js";
import { AppError } from "../kit/messages.ts";
import { LiveSync } from "./live-sync.ts";
import { PlaybackMeter } from "./playback-meter.ts";
import { bufferAheadMs, type PlaybackStats, playbackStats } from "./playback-stats.ts";
import { type StoredWindow, storedWindow } from "./stored-window.ts";

export interface PlayerListener {
  /** Something a person can see has changed: it plays, stalls, pauses, ends, or was muted to be allowed to play. */
  changed(): void;
  /** A fatal error; nothing more comes until `open()`, `startLoad()` or `recoverMedia()`. */
  fatal(error: ErrorData): void;
  /** A playback that was faster than life has come to the live moment, where there is no more to hurry for. */
  slowed(): void;
}

type HlsConstructor = typeof HlsPlayer;

/** Who is further behind its target went back on purpose. */
const LEFT_ON_PURPOSE_MS = 3_000;

/** hls.js on a video element, and what it measures. */
export class Player {
  readonly #Hls: HlsConstructor;
  readonly #video: HTMLVideoElement;
  readonly #listener: PlayerListener;
  readonly meter = new PlaybackMeter(() => performance.now());
  readonly #sync = new LiveSync();
  #hls: HlsPlayer | undefined;
  #mutedToPlay = false;
  #lastTime = 0;
  #rate = 1;
  #targetMs = 0;

  /**
   * Loads hls.js, which the publish view never needs.
   * @throws AppError `player-not-loaded` or `player-not-supported`
   */
  static async load(video: HTMLVideoElement, listener: PlayerListener): Promise<Player> {
    const { default: Hls } = await import("hls.js").catch((cause: unknown) => {
      throw new AppError("player-not-loaded", String(cause), { cause });
    });
    if (!Hls.isSupported()) throw new AppError("player-not-supported", "Hls.isSupported() is false");
    return new Player(Hls, video, listener);
  }

  private constructor(Hls: HlsConstructor, video: HTMLVideoElement, listener: PlayerListener) {
    this.#Hls = Hls;
    this.#video = video;
    this.#listener = listener;
    this.#listen();
  }

  /** Plays the stream at `url`, from its live moment or from its start. Replaces what was played. */
  open(url: string, from: "live" | "start"): void {
    this.close();
    const { Events, ErrorDetails } = this.#Hls;
    const hls = new this.#Hls({
      // The default, said aloud because everything here depends on it.
      lowLatencyMode: true,
      startPosition: from === "start" ? 0 : -1,
      // What is live has no length; what one can go back to is told by `seekable`.
      liveDurationInfinity: true,
      ...(this.#targetMs > 0 ? { liveSyncDuration: this.#targetMs / 1000 } : {}),
      // A tab may watch all day: without this it keeps as much of the past as the browser lets it. The future is untouched.
      backBufferLength: 60,
    });
    hls.on(Events.MANIFEST_PARSED, () => void this.play());
    hls.on(Events.FRAG_LOADED, (_, { frag, part }) => {
      if (frag.sn !== "initSegment") this.meter.loaded(part !== null);
    });
    for (const event of [Events.LEVEL_UPDATED, Events.LEVEL_SWITCHED] as const)
      hls.on(event, () => this.#listener.changed());
    for (const event of [Events.AUDIO_TRACK_SWITCHED, Events.SUBTITLE_TRACK_SWITCH] as const)
      hls.on(event, () => this.#listener.changed());
    hls.on(Events.STALL_RESOLVED, () => this.#moving());
    hls.on(Events.ERROR, (_, error) => {
      if (error.details === ErrorDetails.BUFFER_STALLED_ERROR) this.#stopped();
      if (error.fatal) this.#listener.fatal(error);
    });
    this.#hls = hls;
    window.hls = hls;
    hls.loadSource(url);
    hls.attachMedia(this.#video);
  }

  close(): void {
    this.meter.restart();
    this.#sync.restart();
    // A new source plays at the speed of life, whatever the one before did.
    this.#rate = 1;
    this.#hls?.destroy();
    this.#hls = undefined;
    delete window.hls;
  }

  /** Plays, muted if the browser insists on it until someone touches the page. */
  async play(): Promise<void> {
    try {
      await this.#video.play();
    } catch (thrown) {
      if (!(thrown instanceof DOMException)) throw thrown;
      // AbortError: a new source or a pause came between. Anything else reaches the player as an error of the media.
      if (thrown.name !== "NotAllowedError" || this.#video.muted) return;
      this.#video.muted = true;
      this.#mutedToPlay = true;
      await this.play();
    }
    this.#listener.changed();
  }

  unmute(): void {
    this.#video.muted = false;
    void this.play();
  }

  /** Goes to where the player would be if it had never been behind. */
  toLive(): void {
    const position = this.#hls?.liveSyncPosition;
    if (position !== null && position !== undefined) this.#video.currentTime = position;
    void this.play();
  }

  /** Goes to a moment, in seconds of the media: as far back as there is anything, and no nearer to the edge than it plays. */
  seekTo(positionS: number): void {
    const { startS, endS } = this.window;
    const latestS = Math.max(this.#hls?.liveSyncPosition ?? endS, this.#video.currentTime);
    this.#video.currentTime = Math.max(startS, Math.min(positionS, this.live === true ? latestS : endS));
  }

  seekBy(seconds: number): void {
    this.seekTo(this.#video.currentTime + seconds);
  }

  /** One picture back or forward. */
  step(direction: -1 | 1): void {
    const level = this.#hls?.levels[this.#hls.currentLevel];
    const video = this.#video;
    if (video.paused) video.currentTime += direction / (level?.frameRate || 30);
  }

  /** As a person has chosen it: what catches up by itself does not count. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#video.playbackRate = rate;
    this.#listener.changed();
  }

  /** How far from the live moment to play, in ms; 0 for as near as possible. */
  get targetMs(): number {
    return this.#targetMs;
  }

  set targetMs(targetMs: number) {
    this.#targetMs = targetMs;
    const details = this.#hls?.latestLevelDetails;
    if (this.#hls === undefined || !details) return;
    const wasNear = this.live === true && this.behindMs < LEFT_ON_PURPOSE_MS;
    this.#hls.targetLatency = targetMs > 0 ? targetMs / 1000 : details.partHoldBack || details.holdBack;
    if (wasNear && !this.#video.paused) this.toLive();
    this.#listener.changed();
  }

  /** Whether there is anything to see: a stream of sound alone has no picture of any moment. */
  get hasPicture(): boolean {
    return this.#video.videoWidth > 0;
  }

  /** What there is to go back to. */
  get window(): StoredWindow {
    return storedWindow(this.#hls?.latestLevelDetails);
  }

  /** hls.js itself, for what it alone knows: levels and tracks. Undefined while nothing is open. */
  get engine(): HlsPlayer | undefined {
    return this.#hls;
  }

  startLoad(): void {
    this.#hls?.startLoad();
  }

  recoverMedia(): void {
    this.#hls?.recoverMediaError();
    void this.play();
  }

  /** Whether the sound is off because the browser did not allow it, and not because someone turned it off. */
  get mutedToPlay(): boolean {
    return this.#mutedToPlay && this.#video.muted;
  }

  /** False once the playlist says that nothing more will come; undefined before it is there. */
  get live(): boolean | undefined {
    return this.#hls?.latestLevelDetails?.live;
  }

  /** How far behind its own target, in ms; 0 while that is not known. */
  get behindMs(): number {
    const { latencyMs, targetLatencyMs } = this.stats();
    return this.live === true && targetLatencyMs > 0 ? Math.max(0, latencyMs - targetLatencyMs) : 0;
  }

  stats(): PlaybackStats {
    return playbackStats(this.#video, this.#hls, this.meter);
  }

  #stopped(): void {
    // A person who seeks waits for what is asked, which is no stall.
    const { seeking, paused, ended, duration, currentTime } = this.#video;
    if (seeking || paused || ended) return;
    // The last frame of a stream that has ended is waited for by no one.
    if (this.live === false && duration - currentTime < 0.25) return;
    this.meter.stopped(bufferAheadMs(this.#video));
    this.#listener.changed();
  }

  #moving(): void {
    this.meter.playing();
    this.#listener.changed();
  }

  /** Keeps the playback as near to the live moment as the player itself aims at. */
  #keepNear(): void {
    const video = this.#video;
    const distance = this.stats();
    if (this.#rate > 1 && distance.latencyMs < distance.targetLatencyMs) {
      this.rate = 1;
      this.#listener.slowed();
      return;
    }
    const skipMs = this.#sync.skipMs(distance);
    if (skipMs > 0) {
      video.currentTime += skipMs / 1000;
      return;
    }
    const rate = this.#sync.rate(video.playbackRate, distance);
    if (rate !== undefined && rate !== video.playbackRate) video.playbackRate = rate;
  }

  #listen(): void {
    const video = this.#video;
    video.addEventListener("waiting", () => this.#stopped());
    video.addEventListener("playing", () => this.#moving());
    video.addEventListener("timeupdate", () => {
      // Not every stall ends with `playing`; time that moves on by itself is the proof.
      if (this.meter.stalled && !video.seeking && video.currentTime > this.#lastTime) this.#moving();
      this.#lastTime = video.currentTime;
      if (this.live === true && !video.seeking) this.#keepNear();
    });
    for (const type of ["pause", "ended"]) {
      video.addEventListener(type, () => {
        this.meter.settle();
        this.#listener.changed();
      });
    }
    for (const type of ["volumechange", "resize"]) video.addEventListener(type, () => this.#listener.changed());
  }
}
