import { type ClipInit, isSameMedia, readClipInit } from "../media/clip-init.ts";
import { readClipPart } from "../media/clip-part.ts";
import type { ClipSegment } from "../media/clip-writer.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn } from "../model/ids.ts";

/** A closed segment of a rendition, as its playlist knows it. */
export interface SourceSegment {
  readonly msn: Msn;
  readonly epoch: string;
  readonly initEpoch: string;
  readonly initIndex: number;
  /** PROGRAM-DATE-TIME. */
  readonly wallMs: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
  readonly discontinuity: boolean;
  /** None of its parts holds media. */
  readonly gap: boolean;
}

/** What a clip is made of: a rendition of a stream, in memory or on disk. */
export interface ClipSource {
  /** Oldest first. */
  readonly segments: readonly SourceSegment[];
  init(epoch: string, index: number): Bytes | undefined | Promise<Bytes | undefined>;
  /** The parts of a segment, gaps left out; undefined where it is gone. */
  segment(epoch: string, msn: Msn): readonly Bytes[] | undefined | Promise<readonly Bytes[] | undefined>;
}

/** Which part of the window: the last of it, or what lies between two moments of PROGRAM-DATE-TIME. Whole segments, in any case. */
export interface ClipRange {
  readonly lastMs?: number;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** Segments that one file can hold, oldest first. */
export interface SelectedRun {
  readonly segments: readonly ClipSegment[];
  /** The range begins earlier, but with other tracks, or with media that is gone. */
  readonly isCut: boolean;
}

/**
 * The newest segments of a range that can stand in one file: what is before a change of tracks, or before media that is gone, is
 * left out. A file has one init segment, and who clips a live stream wants what has just been on.
 */
export async function selectRun(source: ClipSource, range: ClipRange, signal: AbortSignal): Promise<SelectedRun> {
  const asked = trimGaps(inRange(source.segments, range));
  const inits = new Map<string, ClipInit | undefined>();
  const initOf = async ({ initEpoch, initIndex }: SourceSegment): Promise<ClipInit | undefined> => {
    const key = `${initEpoch}/${initIndex}`;
    if (!inits.has(key)) {
      const bytes = await source.init(initEpoch, initIndex);
      inits.set(key, bytes && readClipInit(bytes));
    }
    return inits.get(key);
  };

  const run: (readonly [SourceSegment, ClipInit])[] = [];
  let newest: ClipInit | undefined;
  for (const segment of [...asked].reverse()) {
    const init = segment.gap ? newest : await initOf(segment);
    if (init === undefined || (newest !== undefined && !isSameMedia(init, newest))) break;
    newest ??= init;
    run.push([segment, init]);
  }
  run.reverse();
  for (;;) {
    const [first] = run;
    if (first === undefined) return { segments: [], isCut: asked.length > 0 };
    // A live window moves on: its oldest segment may be gone while it is asked for.
    signal.throwIfAborted();
    const views = first[0].gap ? undefined : await source.segment(first[0].epoch, first[0].msn);
    if (views !== undefined) {
      const segments = run.map(([segment, init], i) => clipSegment(source, segment, init, run[i - 1]?.[0]));
      if (segments[0] !== undefined) segments[0] = { ...segments[0], read: () => views };
      return { segments, isCut: run.length < asked.length };
    }
    run.shift();
  }
}

/**
 * The same run between two moments: parts of its first and last segment that lie beyond are left out. For sound beside pictures, whose
 * segments begin and end when those of the pictures do not.
 */
export async function trimRun(
  segments: readonly ClipSegment[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
  signal: AbortSignal,
): Promise<readonly ClipSegment[]> {
  const trimmed: ClipSegment[] = [];
  for (const segment of segments) {
    const isWhole = segment.wallMs >= fromMs && segment.wallMs + segment.durationMs <= toMs;
    const kept = isWhole || segment.sizeBytes === 0 ? segment : await trimSegment(segment, { fromMs, toMs }, signal);
    if (kept !== undefined) trimmed.push(kept);
  }
  return trimmed;
}

async function trimSegment(
  segment: ClipSegment,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  signal: AbortSignal,
): Promise<ClipSegment | undefined> {
  let wallMs: number | undefined;
  let firstMs: number | undefined;
  const kept: Bytes[] = [];
  for (const view of await segment.read(signal)) {
    const { startMs, durationMs } = readClipPart(view, segment.init);
    firstMs ??= startMs;
    const partWallMs = segment.wallMs + startMs - firstMs;
    if (partWallMs + durationMs <= fromMs || partWallMs >= toMs) continue;
    wallMs ??= partWallMs;
    kept.push(view);
  }
  if (wallMs === undefined) return undefined;
  const sizeBytes = kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const durationMs = Math.min(segment.wallMs + segment.durationMs, toMs) - wallMs;
  return { ...segment, wallMs, durationMs, sizeBytes, read: () => kept };
}

function inRange(segments: readonly SourceSegment[], { lastMs, fromMs, toMs }: ClipRange): readonly SourceSegment[] {
  if (lastMs === undefined) {
    return segments.filter(
      ({ wallMs, durationMs }) =>
        (toMs === undefined || wallMs < toMs) && (fromMs === undefined || wallMs + durationMs > fromMs),
    );
  }
  // By what it lasts: time in which no producer was there shows nothing.
  let leftMs = lastMs;
  let first = segments.length;
  while (first > 0 && leftMs > 0) leftMs -= segments[--first]?.durationMs ?? 0;
  return segments.slice(first);
}

function trimGaps(segments: readonly SourceSegment[]): readonly SourceSegment[] {
  const first = segments.findIndex(({ gap }) => !gap);
  const last = segments.findLastIndex(({ gap }) => !gap);
  return first < 0 ? [] : segments.slice(first, last + 1);
}

function clipSegment(
  source: ClipSource,
  segment: SourceSegment,
  init: ClipInit,
  before: SourceSegment | undefined,
): ClipSegment {
  const { epoch, msn, wallMs, durationMs } = segment;
  return {
    init,
    wallMs,
    durationMs,
    sizeBytes: segment.gap ? 0 : segment.sizeBytes,
    // Where the wall clock was set back, what lies in a range need not be in one piece.
    discontinuity: segment.discontinuity || (before !== undefined && before.msn + 1 !== msn),
    read: async () => {
      const views = await source.segment(epoch, msn);
      if (views !== undefined) return views;
      throw new RelayError("media-not-found", `segment ${msn} of ${epoch} left the window while it was being clipped`);
    },
  };
}
