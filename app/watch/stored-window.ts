/** A segment of the DVR window, as hls.js lists it. */
export interface StoredSegment {
  readonly startS: number;
  readonly durationS: number;
  readonly url: string;
  /** Undefined where the segment needs none. */
  readonly initUrl: string | undefined;
}

/** What one can go back to: times are seconds of the media, as `currentTime` has them. */
export interface StoredWindow {
  readonly startS: number;
  readonly endS: number;
  /** When a moment was captured, in ms since the Unix epoch; undefined where that is not known. */
  wallMsAt(positionS: number): number | undefined;
  /** The first moment that was captured then or later; undefined where none was. */
  positionAt(wallMs: number): number | undefined;
  /** The segment that holds a moment; undefined where there is none that can be read. */
  segmentAt(positionS: number): StoredSegment | undefined;
}

/** The part of hls.js's LevelDetails that this takes. */
export interface ListedWindow {
  readonly fragmentStart: number;
  readonly edge: number;
  readonly fragments: readonly ListedFragment[];
}

export interface ListedFragment {
  readonly start: number;
  readonly duration: number;
  readonly programDateTime: number | null;
  readonly url: string;
  readonly gap?: boolean;
  readonly encrypted: boolean;
  readonly initSegment: { readonly url: string } | null;
}

export function storedWindow(details: ListedWindow | null | undefined): StoredWindow {
  const fragments = details?.fragments ?? [];
  // The live edge lies beyond the last whole segment.
  const lastBefore = (positionS: number): ListedFragment | undefined =>
    fragments[Math.max(0, upperBound(fragments, ({ start }) => start <= positionS) - 1)];
  return {
    startS: details?.fragmentStart ?? 0,
    endS: details?.edge ?? 0,
    wallMsAt: (positionS) => {
      const fragment = lastBefore(positionS);
      if (!fragment?.programDateTime) return undefined;
      return fragment.programDateTime + (positionS - fragment.start) * 1000;
    },
    positionAt: (wallMs) => {
      const after = upperBound(fragments, ({ programDateTime }) => (programDateTime ?? 0) <= wallMs);
      const fragment = fragments[after - 1];
      const next = fragments[after];
      if (!fragment?.programDateTime) return next?.start;
      const positionS = fragment.start + (wallMs - fragment.programDateTime) / 1000;
      // Between two sessions of a publisher nothing was captured.
      return next === undefined ? Math.min(positionS, details?.edge ?? 0) : Math.min(positionS, next.start);
    },
    segmentAt: (positionS) => {
      const fragment = lastBefore(positionS);
      if (fragment === undefined || fragment.gap || fragment.encrypted) return undefined;
      const { start, duration, url, initSegment } = fragment;
      return { startS: start, durationS: duration, url, initUrl: initSegment?.url };
    },
  };
}

/** How many of the first ones `isBefore` holds for: it holds for none after the first that it does not hold for. */
function upperBound<T>(sorted: readonly T[], isBefore: (each: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
