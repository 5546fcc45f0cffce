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
    if (!isKnown) setPosition();
    else
      setPosition({
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

function setPosition(state?: MediaPositionState): void {
  const { mediaSession } = navigator;
  try {
    mediaSession.setPositionState?.(state);
  } catch {
    // Firefox and WebKit know no length without an end, and show no bar where there is no position either.
    mediaSession.setPositionState?.();
  }
}
