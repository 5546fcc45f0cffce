import type { Msn } from "../model/ids.ts";
import type { RenditionRecord, SegmentRecord } from "../model/record.ts";
import type { StreamSummary } from "../model/stats.ts";
import type { RestoredStream } from "./playlists.ts";

/**
 * Streams that have ended and are in the archive alone, as records without media: there are more of them than places. One that is
 * asked for takes the place of another.
 */
export class DormantStreams {
  /** Those that have a place now are here too: they may have to give it up. */
  readonly #records = new Map<string, RestoredStream>();

  /** Keeps the record of a stream that has ended. */
  add(record: RestoredStream): void {
    this.#records.set(record.name, record);
  }

  get(name: string): RestoredStream | undefined {
    return this.#records.get(name);
  }

  remove(name: string): boolean {
    return this.#records.delete(name);
  }

  /** The archive lets go of what a rendition has before this segment. */
  forgetBefore(name: string, rendition: string, msn: Msn): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    const trimmed = (one: RenditionRecord): RenditionRecord =>
      one.id === rendition ? { ...one, segments: one.segments.filter((segment) => segment.msn >= msn) } : one;
    this.#records.set(name, { ...record, renditions: record.renditions.map(trimmed) });
  }

  /** Of those that are not in `open`. */
  summaries(open: ReadonlyMap<string, unknown>): readonly StreamSummary[] {
    return [...this.#records.values()].filter(({ name }) => !open.has(name)).map(summaryOf);
  }
}

function summaryOf({ name, renditions }: RestoredStream): StreamSummary {
  const windowMs = Math.max(0, ...renditions.map(({ segments }) => durationOf(segments)));
  return {
    name,
    state: "ended",
    renditions: renditions.map(({ id }) => id),
    windowMs,
    dvrWindowMs: windowMs,
    sizeBytes: 0,
  };
}

function durationOf(segments: readonly SegmentRecord[]): number {
  let sumMs = 0;
  for (const { durationsMs } of segments) for (const durationMs of durationsMs) sumMs += durationMs;
  return sumMs;
}
