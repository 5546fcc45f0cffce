import type { Clock } from "../model/clock.ts";
import type { Msn } from "../model/ids.ts";
import type { StreamOptions } from "../model/options.ts";
import type { RenditionRecord, SegmentRecord } from "../model/record.ts";
import type { StreamSummary } from "../model/stats.ts";
import type { Archive } from "./archive.ts";
import { ArchiveReader } from "./archive-reader.ts";
import type { RenditionStart } from "./rendition-start.ts";
import { RestoredRendition } from "./restored-rendition.ts";

/** A stream as an archive has it. */
export interface RestoredStream {
  /** As it was opened. */
  readonly name: string;
  /** Of its last producer. */
  readonly epoch: string;
  /** How it is cut and listed. */
  readonly config: StreamOptions;
  /** No more comes. */
  readonly ended: boolean;
  /** One for each that the options declare. */
  readonly renditions: readonly RenditionRecord[];
  /** Wall clock of its last part, in ms since the Unix epoch. Default: now. */
  readonly updatedAtMs?: number;
}

/**
 * What playlists need to go on from an archive, and to read from it: passed in, so that a relay that keeps nothing carries none of it.
 * Streams that have ended and are in the archive alone are kept here as records without media: there are more of them than places, and
 * one that is asked for takes the place of another.
 * @example
 * ```ts
 * const playlists = new Playlists({}, { recordings: new Recordings(archive) });
 * playlists.restore(record);
 * ```
 */
export class Recordings {
  /** Where media is kept beyond the rings: what is listed is fetchable from there. */
  readonly archive: Archive;
  /** Those that have a place now are here too: they may have to give it up. */
  readonly #ended = new Map<string, RestoredStream>();

  constructor(archive: Archive) {
    this.archive = archive;
  }

  /**
   * Keeps the record of a stream that has ended.
   * @internal
   */
  add(record: RestoredStream): void {
    this.#ended.set(record.name, record);
  }

  /** @internal */
  find(name: string): RestoredStream | undefined {
    return this.#ended.get(name);
  }

  /**
   * Where a stream that takes the name of one without a place must start, so that no number of it is used again (rule 28).
   * @internal
   */
  successor(name: string, rendition: string): RenditionStart | undefined {
    const last = this.#ended
      .get(name)
      ?.renditions.find(({ id }) => id === rendition)
      ?.segments.at(-1);
    if (last === undefined) return undefined;
    return {
      firstMsn: last.msn + 1,
      // The part that was hinted never comes.
      firstPartId: last.firstPartId + last.sizesBytes.length + 1,
      discontinuitySequence: last.discontinuitySequence + 1,
      initIndex: last.initIndex + 1,
    };
  }

  /**
   * Forgets a stream, in the archive too.
   * @internal
   */
  remove(name: string): boolean {
    this.archive.remove(name);
    return this.#ended.delete(name);
  }

  /**
   * The archive lets go of what a rendition has before this segment.
   * @internal
   */
  forgetBefore(name: string, rendition: string, msn: Msn): void {
    const record = this.#ended.get(name);
    if (record === undefined) return;
    const trimmed = (one: RenditionRecord): RenditionRecord =>
      one.id === rendition ? { ...one, segments: one.segments.filter((segment) => segment.msn >= msn) } : one;
    this.#ended.set(name, { ...record, renditions: record.renditions.map(trimmed) });
  }

  /**
   * Of those that are not in `open`.
   * @internal
   */
  summaries(open: ReadonlyMap<string, unknown>): readonly StreamSummary[] {
    return [...this.#ended.values()]
      .filter(({ name }) => !open.has(name))
      .map((record) => {
        const kept = this.archive.kept(record.name);
        return { ...summaryOf(record), ...(kept === undefined ? {} : { kept }) };
      });
  }

  /**
   * What the renditions of a stream begin with.
   * @internal
   */
  restored({ renditions, updatedAtMs }: RestoredStream, clock: Clock): RestoredRenditions {
    const wallMs = clock.wallMs();
    const lastPartAtMs = clock.now() - Math.max(0, wallMs - (updatedAtMs ?? wallMs));
    return {
      lastPartAtMs,
      renditions: new Map(renditions.map((record) => [record.id, new RestoredRendition(record, lastPartAtMs)])),
    };
  }

  /**
   * Reads what a rendition has in the archive.
   * @internal
   */
  reader(stream: string, rendition: string, clock: Clock): ArchiveReader {
    return new ArchiveReader({ archive: this.archive, stream, rendition, clock });
  }
}

export interface RestoredRenditions {
  /** On the clock. */
  readonly lastPartAtMs: number;
  readonly renditions: ReadonlyMap<string, RestoredRendition>;
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
