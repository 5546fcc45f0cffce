import type { Msn } from "eddy-hls/core";
import type { RenditionIndex, StoredSegment } from "./rendition-index.ts";
import type { StreamEntry } from "./stream-entry.ts";

export interface RetentionOptions {
  /** Media that a stream keeps, in ms. */
  readonly windowMs: number;
  readonly maxBytesPerStream: number;
}

/** Forgets the segments of a rendition before `msn`, wherever they are known. */
export type Forget = (entry: StreamEntry, rendition: RenditionIndex, beforeMsn: Msn) => void;

/**
 * What of the DVR windows may go, and what goes first. The live edge never goes, and nothing of a stream that is pinned; a stream
 * that has ended has no live edge, but only want of room takes it.
 */
export class Retention {
  windowMs: number;
  readonly #maxBytesPerStream: number;

  constructor({ windowMs, maxBytesPerStream }: RetentionOptions) {
    this.windowMs = windowMs;
    this.#maxBytesPerStream = maxBytesPerStream;
  }

  /** Keeps one stream within its time and its bytes. Time is that of its media: a stream that pauses, or has ended, loses nothing. */
  trim(entry: StreamEntry, forget: Forget): void {
    if (entry.pinned) return;
    for (const rendition of entry.renditions.values()) {
      let leftMs = rendition.durationMs;
      let beforeMsn: Msn | undefined;
      for (const { msn, durationMs } of rendition.segments) {
        leftMs -= durationMs;
        if (msn >= rendition.liveMsn || leftMs < this.windowMs) break;
        beforeMsn = msn + 1;
      }
      if (beforeMsn !== undefined) forget(entry, rendition, beforeMsn);
    }
    while (entry.sizeBytes > this.#maxBytesPerStream) {
      const oldest = oldestOf(entry, false);
      if (oldest === undefined) return;
      forget(entry, oldest.rendition, oldest.segment.msn + 1);
    }
  }

  /** Makes the streams no larger than `maxBytes` together, oldest media first. Returns whether anything went. */
  shrink(entries: readonly StreamEntry[], maxBytes: number, forget: Forget): boolean {
    const removable = entries.filter(({ pinned }) => !pinned);
    let sizeBytes = 0;
    for (const entry of entries) sizeBytes += entry.sizeBytes;
    let hasForgotten = false;
    while (sizeBytes > maxBytes) {
      let oldest: Oldest | undefined;
      for (const entry of removable) oldest = older(oldest, oldestOf(entry, entry.ended));
      if (oldest === undefined) break;
      sizeBytes -= oldest.segment.sizeBytes;
      forget(oldest.entry, oldest.rendition, oldest.segment.msn + 1);
      hasForgotten = true;
    }
    return hasForgotten;
  }
}

interface Oldest {
  readonly entry: StreamEntry;
  readonly rendition: RenditionIndex;
  readonly segment: StoredSegment;
}

function older(a: Oldest | undefined, b: Oldest | undefined): Oldest | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.segment.startWallMs < a.segment.startWallMs ? b : a;
}

/** The segment that starts first of all that may go; the renditions of a stream so shrink in step. */
function oldestOf(entry: StreamEntry, hasNoEdge: boolean): Oldest | undefined {
  let oldest: Oldest | undefined;
  for (const rendition of entry.renditions.values()) {
    const segment = rendition.segments[0];
    if (segment === undefined || (!hasNoEdge && segment.msn >= rendition.liveMsn)) continue;
    oldest = older(oldest, { entry, rendition, segment });
  }
  return oldest;
}
