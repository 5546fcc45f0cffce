import { PART_GAP, type PartId } from "eddy-hls/core";
import type { RenditionHead, SegmentRow } from "./schema.ts";

/** Most parts that are put where records are missing: a day of the shortest ones. Records that say more are not what was written. */
const MAX_MADE_PARTS = 2_000_000;

export interface Mended {
  /** In order and without a hole. */
  readonly rows: readonly SegmentRow[];
  /** Those among them that stand for records which could not be read. */
  readonly made: ReadonlySet<SegmentRow>;
}

/**
 * Puts gaps where records of segments are missing, so that all that follows keeps its numbers. What lies before a hole that cannot be
 * filled is left out.
 */
export function mend(found: readonly SegmentRow[], { next }: RenditionHead, partTargetMs: number): Mended {
  const made = new Set<SegmentRow>();
  let rows: SegmentRow[] = [];
  const fill = (until: Edge): boolean => {
    const last = rows.at(-1);
    if (last === undefined) return true;
    const gaps = gapsBetween(last, until);
    for (const gap of gaps ?? []) made.add(gap);
    rows.push(...(gaps ?? []));
    return gaps !== undefined;
  };
  for (const row of found) {
    // What cannot be joined with this segment leaves the window.
    if (!fill({ ...row, sequence: row.discontinuitySequence - (row.discontinuity ? 1 : 0) })) rows = [];
    rows.push(row);
  }
  const last = rows.at(-1);
  if (last !== undefined && next !== undefined && next.msn > last.msn + 1) {
    const { msn, partId: firstPartId } = next;
    const durationMs = (firstPartId - endOf(last)) * partTargetMs;
    fill({ msn, firstPartId, startMs: endMsOf(last) + durationMs, sequence: last.discontinuitySequence });
  }
  return { rows, made: new Set(rows.filter((row) => made.has(row))) };
}

/** Where a hole ends. */
interface Edge {
  readonly msn: number;
  readonly firstPartId: PartId;
  readonly startMs: number;
  /** Discontinuities before it. */
  readonly sequence: number;
}

/** Undefined where the numbers on both sides do not say enough. */
function gapsBetween(before: SegmentRow, until: Edge): SegmentRow[] | undefined {
  const count = until.msn - before.msn - 1;
  const parts = until.firstPartId - endOf(before);
  if (count === 0) return parts < 0 ? undefined : [];
  const fromMs = endMsOf(before);
  const durationMs = (until.startMs - fromMs) / parts;
  if (count < 0 || parts < count || parts > MAX_MADE_PARTS || !(durationMs > 0)) return undefined;
  const gaps: SegmentRow[] = [];
  for (let index = 0; index < count; index++) {
    const [from, to] = [Math.floor((parts * index) / count), Math.floor((parts * (index + 1)) / count)];
    const columns = Array.from({ length: to - from });
    gaps.push({
      stream: before.stream,
      rendition: before.rendition,
      epoch: before.epoch,
      wallOffsetMs: before.wallOffsetMs,
      initIndex: before.initIndex,
      initEpoch: before.initEpoch,
      keys: before.keys,
      msn: before.msn + 1 + index,
      firstPartId: endOf(before) + from,
      startMs: fromMs + durationMs * from,
      discontinuity: index === 0 && until.sequence > before.discontinuitySequence,
      discontinuitySequence: until.sequence,
      durationsMs: columns.map(() => durationMs),
      sizesBytes: columns.map(() => 0),
      flags: columns.map(() => PART_GAP),
    });
  }
  return gaps;
}

function endOf({ firstPartId, sizesBytes }: SegmentRow): PartId {
  return firstPartId + sizesBytes.length;
}

function endMsOf({ startMs, durationsMs }: SegmentRow): number {
  return durationsMs.reduce((sum, durationMs) => sum + durationMs, startMs);
}
