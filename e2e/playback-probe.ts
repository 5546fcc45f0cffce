/** What a page saw of its own playback. Runs in the page before its scripts: every mode is watched by the same code. */
export interface Probe {
  /** From the start of the navigation to the first picture; undefined while there is none. */
  startMs?: number;
  /** Behind the capture, twice a second while it plays. */
  readonly latenciesMs: number[];
}

/** Bytes of media by where they came from, and what was given to others, as the page's engine tells. */
export interface Transferred {
  readonly peer: number;
  readonly origin: number;
  readonly uploaded: number;
}

declare global {
  interface Window {
    probe?: Probe;
    /** Undefined where there are no peers. */
    transferred?: () => Transferred;
  }
}

export function probePlayback(): void {
  const probe: Probe = { latenciesMs: [] };
  window.probe = probe;
  let watched: HTMLVideoElement | undefined;
  setInterval(() => {
    const video = document.querySelector("video") ?? undefined;
    if (video !== watched && probe.startMs === undefined) {
      watched = video;
      video?.requestVideoFrameCallback((now) => {
        probe.startMs ??= now;
      });
    }
    // A page may have a player that has no picture yet.
    if (probe.startMs === undefined && video !== undefined && video.getVideoPlaybackQuality().totalVideoFrames > 2)
      probe.startMs = performance.now();
  }, 20);
  setInterval(() => {
    const { hls } = window as { hls?: { readonly playingDate: Date | null } };
    const date = hls?.playingDate;
    if (probe.startMs !== undefined && date) probe.latenciesMs.push(Date.now() - date.getTime());
  }, 500);
}
