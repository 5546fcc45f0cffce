/** What the system's own media controls may ask, on a lock screen or a headset. */
export interface PresenceActions {
  readonly play: () => void;
  readonly pause: () => void;
  readonly stop: () => void;
  readonly seekBy: (seconds: number) => void;
  /** In seconds from the window's start. */
  readonly seekTo: (seconds: number) => void;
}

export interface Presence {
  readonly title: string;
  readonly state: MediaSessionPlaybackState;
  readonly isLive: boolean;
  /** Where it stands in what one can go back to. */
  readonly positionS: number;
  readonly lengthS: number;
  readonly rate: number;
}

const STEP_S = 10;

/** Tells the system what plays, and takes its controls, until `signal` is aborted. */
export class SystemMedia {
  #title = "";

  constructor(actions: PresenceActions, signal: AbortSignal) {
    const { mediaSession } = navigator;
    if (mediaSession === undefined) return;
    const handlers: Partial<Record<MediaSessionAction, MediaSessionActionHandler>> = {
      play: actions.play,
      pause: actions.pause,
      stop: actions.stop,
      seekbackward: ({ seekOffset }) => actions.seekBy(-(seekOffset ?? STEP_S)),
      seekforward: ({ seekOffset }) => actions.seekBy(seekOffset ?? STEP_S),
      seekto: ({ seekTime }) => {
        if (seekTime !== undefined) actions.seekTo(seekTime);
      },
    };
    for (const [action, handler] of Object.entries(handlers)) setHandler(action as MediaSessionAction, handler);
    signal.addEventListener("abort", () => {
      for (const action of Object.keys(handlers)) setHandler(action as MediaSessionAction, null);
      mediaSession.metadata = null;
      mediaSession.playbackState = "none";
    });
  }

  show({ title, state, isLive, positionS, lengthS, rate }: Presence): void {
    const { mediaSession } = navigator;
    if (mediaSession === undefined) return;
    if (title !== this.#title) {
      this.#title = title;
      const artwork = [{ src: "/icon-512.png", sizes: "512x512", type: "image/png" }];
      mediaSession.metadata = new MediaMetadata({ title, artist: "Eddy", artwork });
    }
    mediaSession.playbackState = state;
    const isKnown = state !== "none" && lengthS > 0;
    if (!isKnown) mediaSession.setPositionState?.();
    else
      mediaSession.setPositionState?.({
        // A browser that is told so shows no bar, of a stream that is near its live moment.
        duration: isLive && lengthS - positionS < STEP_S ? Number.POSITIVE_INFINITY : lengthS,
        position: Math.max(0, Math.min(positionS, lengthS)),
        playbackRate: rate,
      });
  }
}

function setHandler(action: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
  try {
    navigator.mediaSession.setActionHandler(action, handler);
  } catch {
    // A browser that does not know the action.
  }
}

/** Keeps the screen on while it is asked to, and the page is seen. */
export class ScreenLock {
  #isWanted = false;
  #lock: WakeLockSentinel | undefined;
  #asking = false;

  constructor(signal: AbortSignal) {
    // The browser lets it go by itself when the page is hidden.
    document.addEventListener("visibilitychange", () => void this.#settle(), { signal });
    signal.addEventListener("abort", () => this.want(false));
  }

  want(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    void this.#settle();
  }

  async #settle(): Promise<void> {
    if (navigator.wakeLock === undefined || this.#asking) return;
    const isDue = this.#isWanted && document.visibilityState === "visible";
    if (!isDue) {
      const held = this.#lock;
      this.#lock = undefined;
      await held?.release();
      return;
    }
    if (this.#lock !== undefined && !this.#lock.released) return;
    this.#asking = true;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      // Not allowed, or the battery is low: the screen goes dark as it would without this page.
    }
    this.#asking = false;
    if (!this.#isWanted) await this.#settle();
  }
}
