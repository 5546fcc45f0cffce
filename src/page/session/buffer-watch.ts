import type { Clock } from "../../model/clock.ts";

const LOOK_EVERY_MS = 250;

/** What of a video element is looked at. */
export interface WatchedVideo {
  readonly buffered: { readonly length: number; start(index: number): number; end(index: number): number };
  readonly currentTime: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly readyState: number;
}

/** How far past the position a range may begin and still be played on into: players step over such holes. */
const HOLE_S = 0.25;

/** Media that the player has from its position on, in ms. */
export function bufferAheadMs({ buffered, currentTime }: WatchedVideo): number {
  for (let index = 0; index < buffered.length; index++) {
    const end = buffered.end(index);
    if (end <= currentTime) continue;
    return buffered.start(index) <= currentTime + HOLE_S ? (end - currentTime) * 1000 : 0;
  }
  return 0;
}

/**
 * Looks at a player again and again; returns how to stop. It is polled: no event tells that media was appended, and events of a
 * player that stalls come late. One that has nothing yet, is paused or has ended waits for nothing, and tells nothing.
 */
export function watchBuffer(
  video: WatchedVideo,
  clock: Clock,
  tell: (aheadMs: number | undefined) => void,
): () => void {
  let cancel = (): void => undefined;
  const look = (): void => {
    const plays = video.readyState > 0 && !video.paused && !video.ended;
    tell(plays ? bufferAheadMs(video) : undefined);
    cancel = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  return () => cancel();
}
