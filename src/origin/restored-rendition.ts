import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import { RelayError } from "../model/errors.ts";
import { isOpaque } from "../model/media-key.ts";
import { PART_GAP, PART_INDEPENDENT, type RenditionRecord, type SegmentRecord } from "../model/record.ts";
import type { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { ManifestOptions } from "../playlist/manifest-options.ts";
import { restoreManifest } from "../playlist/restore-manifest.ts";
import { BitRate } from "./bit-rate.ts";
import type { Epoch } from "./epochs.ts";
import type { IntakeBefore } from "./intake.ts";
import type { PartNotes } from "./part-notes.ts";
import type { RenditionStart } from "./rendition-start.ts";

/** What a rendition was before, as an archive has recorded it: it begins with this in the place of nothing. */
export class RestoredRendition {
  /** The init segments that are needed still. */
  readonly inits: RenditionRecord["inits"];
  readonly #record: RenditionRecord;
  readonly #lastPartAtMs: number;

  constructor(record: RenditionRecord, lastPartAtMs: number) {
    this.inits = record.inits;
    this.#record = record;
    this.#lastPartAtMs = lastPartAtMs;
  }

  /** Where its first segment starts; undefined where it has none. */
  get start(): RenditionStart | undefined {
    const [first] = this.#record.segments;
    if (first === undefined) return undefined;
    return {
      firstMsn: first.msn,
      firstPartId: first.firstPartId,
      discontinuitySequence: first.discontinuitySequence - (first.discontinuity ? 1 : 0),
      initIndex: Math.max(0, first.initIndex),
    };
  }

  /** Those of its segments, in order; none where it has no segment. An epoch whose producer has published nothing is none of them. */
  get epochs(): readonly Epoch[] {
    const epochs: Epoch[] = [];
    for (const { epoch, firstPartId, initEpoch, initIndex } of this.#record.segments) {
      if (epochs.at(-1)?.name === epoch) continue;
      // A producer may go on under the init segment of the one before only where there are none: in text.
      epochs.push({ name: epoch, firstPartId, firstInitIndex: initEpoch === epoch ? Math.max(0, initIndex) : 0 });
    }
    return epochs;
  }

  /** Segments whose first media cannot be decoded on its own (rule 26). */
  get dependentSegments(): number {
    return this.#record.segments.filter(isDependent).length;
  }

  /** @throws RelayError `invalid-option` where the records do not follow each other */
  manifest(options: ManifestOptions): M3u8Manifest {
    return restoreManifest(options, this.#record);
  }

  /**
   * Where its intake ended. What is pending between two parts is not in a record: the producer sends that again.
   * @throws RelayError `malformed-init` where it lacks the init segment that is in effect
   */
  intake(rendition: {
    readonly name: string;
    readonly manifest: M3u8Manifest;
    readonly hasInit: boolean;
    readonly targetDurationMs: number;
    readonly notes: PartNotes | undefined;
  }): IntakeBefore {
    const { name, manifest, hasInit, targetDurationMs, notes } = rendition;
    const { segments } = this.#record;
    const last = segments.at(-1);
    if (last === undefined) return {};
    const bitRate = new BitRate(targetDurationMs);
    for (const record of segments) {
      note(record, notes);
      const segment = manifest.segment(record.msn);
      if (segment?.closed === true && !segment.gap) bitRate.add(segment);
    }
    return {
      bitRate,
      isOpaque: isOpaque(last.keys),
      lastPartAtMs: this.#lastPartAtMs,
      ...(hasInit ? { init: this.#initOf(name, last), initIndex: last.initIndex } : {}),
    };
  }

  #initOf(name: string, { initEpoch, initIndex }: SegmentRecord): InitSegment {
    const init = this.inits.find(({ epoch, index }) => epoch === initEpoch && index === initIndex);
    if (init !== undefined) return parseInitSegment(init.bytes);
    throw new RelayError(
      "malformed-init",
      `"${name}": expected init segment ${initIndex} of ${initEpoch} in its record`,
    );
  }
}

function note({ firstPartId, durationsMs, sizesBytes, flags }: SegmentRecord, notes: PartNotes | undefined): void {
  durationsMs.forEach((durationMs, index) => {
    notes?.take(firstPartId + index, {
      durationMs,
      sizeBytes: sizesBytes[index] ?? 0,
      flags: flags[index] ?? 0,
      source: undefined,
      takenAtMs: 0,
    });
  });
}

function isDependent({ flags }: SegmentRecord): boolean {
  const first = flags.find((bits) => (bits & PART_GAP) === 0);
  return first !== undefined && (first & PART_INDEPENDENT) === 0;
}
