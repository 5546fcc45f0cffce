import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { BoxReader, type BoxSpan, printable } from "./boxes.ts";
import type { InitSegment, InitTrack } from "./init-segment.ts";
import { readTfdt, readTfhd, readTrun } from "./leaf-boxes.ts";

/** What one track has in a part. */
interface PartTrack {
  readonly id: number;
  /** Decode time of its first sample, in ticks of the track. */
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly sampleCount: number;
}

/** A stretch of a part that can be cut out: one moof and mdat, with what stands before it. */
interface PartFragment {
  /** Bytes from the start of the part. */
  readonly offset: number;
  readonly length: number;
  readonly durationMs: number;
  readonly independent: boolean;
}

/** One part, as its boxes tell. All of it is about the primary track but for `tracks`. */
export interface MediaPart {
  /** Sum of the sample durations. */
  readonly durationMs: number;
  /** Its first sample is a sync sample. */
  readonly independent: boolean;
  /** Decode time of its first sample. */
  readonly startMs: number;
  readonly tracks: ReadonlyMap<number, PartTrack>;
  /** They fill the part without gaps; each has samples of the primary track. */
  readonly fragments: readonly PartFragment[];
}

/** More than a minute of the fastest audio; a part is a second at most. */
const MAX_SAMPLES = 20_000;
/** What may stand before a moof: ISO/IEC 23000-19 7.3.2.3 (CMAF chunks), and boxes without meaning. */
const BEFORE_MOOF = new Set(["styp", "prft", "emsg", "sidx", "ssix", "free", "skip", "uuid"]);

const NON_SYNC_SAMPLE = 0x1_0000;
const TFHD_BASE_DATA_OFFSET = 0x1;
const TFHD_DEFAULT_BASE_IS_MOOF = 0x2_0000;

/**
 * Reads what a playlist needs to know of a part: one or more moof and mdat. Costs a few microseconds and copies nothing.
 * @throws RelayError `malformed-part` or `track-mismatch`, and nothing else whatever the bytes are
 * @see ISO/IEC 14496-12 8.8; draft-pantos-hls-rfc8216bis 3.1.2, 4.4.4.9
 */
export function parsePart(bytes: Bytes, init: InitSegment): MediaPart {
  const reader = new BoxReader(bytes, "malformed-part");
  const walk = new PartWalk(reader, init);
  const fragments: PartFragment[] = [];
  let start = 0;
  let at = 0;
  while (at < reader.size) {
    const moof = reader.boxAt(at, reader.size);
    at = moof.end;
    if (BEFORE_MOOF.has(moof.type)) continue;
    if (moof.type !== "moof") reader.fail(`expected moof and mdat, got ${printable(moof.type)} at byte ${moof.start}`);
    const mdat = reader.boxAt(at, reader.size);
    if (mdat.type !== "mdat")
      reader.fail(`expected mdat after moof, got ${printable(mdat.type)} at byte ${mdat.start}`);
    at = mdat.end;
    const { durationTicks, independent } = walk.fragment(moof, mdat);
    const durationMs = (durationTicks / init.primary.timescale) * 1000;
    const last = fragments.at(-1);
    if (independent !== undefined) {
      fragments.push({ offset: start, length: at - start, durationMs, independent });
      start = at;
    } else if (last !== undefined) {
      // Only other tracks: they belong to the primary samples before them, and are never cut off alone.
      fragments[fragments.length - 1] = { ...last, length: at - last.offset };
      start = at;
    }
  }
  const tracks = walk.tracks;
  const primary = tracks.get(init.primary.id);
  const first = fragments[0];
  if (primary === undefined || first === undefined) {
    return reader.fail(
      `expected samples of the ${init.primary.kind} track ${init.primary.id}, got none in ${bytes.byteLength} bytes`,
    );
  }
  if (start < reader.size) reader.fail(`expected a moof after byte ${start}, got the end`);
  return {
    durationMs: (primary.durationTicks / init.primary.timescale) * 1000,
    independent: first.independent,
    startMs: (primary.startTicks / init.primary.timescale) * 1000,
    tracks,
    fragments,
  };
}

/** A run of fragments of a part, cut out of it. */
export interface PartPiece {
  /** A view of the part's bytes. */
  readonly bytes: Bytes;
  readonly durationMs: number;
  readonly independent: boolean;
}

/**
 * Cuts a part into runs of its fragments, each as long as `limitMs` allows; the bytes are not copied. A run ends before a
 * fragment that is independent when the one before is not, so that a segment can open there. A fragment longer than `limitMs` stays whole.
 */
export function splitPart(bytes: Bytes, part: MediaPart, limitMs: number): PartPiece[] {
  const runs: (PartFragment & { independentEnd: boolean })[] = [];
  for (const fragment of part.fragments) {
    const run = runs.at(-1);
    const opens = fragment.independent && run?.independentEnd === false;
    if (run === undefined || opens || run.durationMs + fragment.durationMs > limitMs) {
      runs.push({ ...fragment, independentEnd: fragment.independent });
      continue;
    }
    runs[runs.length - 1] = {
      ...run,
      length: run.length + fragment.length,
      durationMs: run.durationMs + fragment.durationMs,
      independentEnd: fragment.independent,
    };
  }
  return runs.map(({ offset, length, durationMs, independent }) => ({
    bytes: bytes.subarray(offset, offset + length),
    durationMs,
    independent,
  }));
}

interface FragmentSummary {
  readonly durationTicks: number;
  /** Undefined when the fragment has no sample of the primary track. */
  readonly independent: boolean | undefined;
}

/** Where the samples of a fragment lie. */
interface DataWindow {
  readonly moofStart: number;
  readonly mdat: BoxSpan;
  /** End of the data of the run before. */
  next: number;
}

interface RunSummary {
  readonly durationTicks: number;
  readonly sampleCount: number;
  readonly firstIsSync: boolean | undefined;
}

type TrackState = { -readonly [key in keyof PartTrack]: PartTrack[key] };

class PartWalk {
  readonly tracks = new Map<number, TrackState>();
  readonly #reader: BoxReader;
  readonly #init: InitSegment;
  #samplesLeft = MAX_SAMPLES;

  constructor(reader: BoxReader, init: InitSegment) {
    this.#reader = reader;
    this.#init = init;
  }

  fragment(moof: BoxSpan, mdat: BoxSpan): FragmentSummary {
    const data: DataWindow = { moofStart: moof.start, mdat, next: moof.start };
    let durationTicks = 0;
    let independent: boolean | undefined;
    for (const [index, traf] of this.#reader
      .children(moof)
      .filter((box) => box.type === "traf")
      .entries()) {
      const { id, summary } = this.#trackFragment(traf, data, index === 0);
      if (id !== this.#init.primary.id) continue;
      durationTicks += summary.durationTicks;
      independent ??= summary.firstIsSync;
    }
    return { durationTicks, independent };
  }

  #trackFragment(traf: BoxSpan, data: DataWindow, isFirst: boolean): { id: number; summary: RunSummary } {
    const reader = this.#reader;
    const boxes = reader.children(traf);
    const tfhdBox = boxes.find((box) => box.type === "tfhd") ?? reader.fail("traf: expected a tfhd box");
    const tfhd = reader.read(tfhdBox, readTfhd);
    const id = tfhd.trackId;
    const track = this.#init.tracks.find((candidate) => candidate.id === id);
    if (track === undefined) {
      const known = this.#init.tracks.map((candidate) => candidate.id).join(", ");
      throw new RelayError("track-mismatch", `expected a track of the init segment (${known}), got track ${id}`);
    }
    // A part stands alone: an offset into the file it once was in cannot be kept.
    if (tfhd.flags & TFHD_BASE_DATA_OFFSET)
      reader.fail("tfhd: expected data offsets from the moof, got a base data offset");
    // 8.8.7.1: the base is the moof, or for later track fragments without the flag the end of the data before.
    const base = isFirst || tfhd.flags & TFHD_DEFAULT_BASE_IS_MOOF ? data.moofStart : data.next;
    const defaults: SampleDefaults = {
      durationTicks: tfhd.defaultSampleDuration ?? track.defaultSampleDurationTicks,
      sizeBytes: tfhd.defaultSampleSize ?? track.defaultSampleSizeBytes,
      flags: tfhd.defaultSampleFlags ?? track.defaultSampleFlags,
    };
    data.next = base;
    let durationTicks = 0;
    let sampleCount = 0;
    let firstIsSync: boolean | undefined;
    for (const box of boxes) {
      if (box.type !== "trun") continue;
      const run = this.#run(box, { base, data, defaults });
      durationTicks += run.durationTicks;
      sampleCount += run.sampleCount;
      firstIsSync ??= run.firstIsSync;
    }
    const summary: RunSummary = { durationTicks, sampleCount, firstIsSync };
    this.#add(track, boxes, summary);
    return { id, summary };
  }

  #run(box: BoxSpan, { base, data, defaults }: RunPlace): RunSummary {
    const reader = this.#reader;
    this.#checkSampleCount(box);
    const trun = reader.read(box, readTrun);
    let durationTicks = 0;
    let sizeBytes = 0;
    for (const sample of trun.samples) {
      durationTicks += sample.sampleDuration ?? defaults.durationTicks;
      sizeBytes += sample.sampleSize ?? defaults.sizeBytes;
    }
    const start = trun.dataOffset === undefined ? data.next : base + trun.dataOffset;
    const end = start + sizeBytes;
    if (sizeBytes > 0 && (start < data.mdat.bodyStart || end > data.mdat.end)) {
      reader.fail(
        `trun: expected sample data in bytes ${data.mdat.bodyStart} to ${data.mdat.end}, got ${start} to ${end}`,
      );
    }
    data.next = end;
    const first = trun.samples[0];
    const firstFlags = first && (trun.firstSampleFlags ?? first.sampleFlags ?? defaults.flags);
    return {
      durationTicks,
      sampleCount: trun.sampleCount,
      firstIsSync: firstFlags === undefined ? undefined : (firstFlags & NON_SYNC_SAMPLE) === 0,
    };
  }

  /** Before the run is read: its count is a number anyone could have written, and a sample may take no bytes in the box. */
  #checkSampleCount(box: BoxSpan): void {
    const reader = this.#reader;
    const body = reader.body(box);
    if (body.byteLength < 8) reader.fail(`trun: expected at least 8 bytes, got ${body.byteLength}`);
    const sampleCount = body.getUint32(4);
    this.#samplesLeft -= sampleCount;
    if (this.#samplesLeft < 0) reader.fail(`expected at most ${MAX_SAMPLES} samples, a trun declares ${sampleCount}`);
  }

  #add(track: InitTrack, boxes: readonly BoxSpan[], run: RunSummary): void {
    const reader = this.#reader;
    const known = this.tracks.get(track.id);
    if (known !== undefined) {
      known.durationTicks += run.durationTicks;
      known.sampleCount += run.sampleCount;
      return;
    }
    // ISO/IEC 23000-19 7.5.16: every CMAF track fragment has one; without it nothing places the samples.
    const tfdt =
      boxes.find((box) => box.type === "tfdt") ?? reader.fail(`traf of track ${track.id}: expected a tfdt box`);
    const startTicks = reader.read(tfdt, readTfdt).baseMediaDecodeTime;
    if (!Number.isSafeInteger(startTicks))
      reader.fail(`tfdt of track ${track.id}: expected less than 2^53, got ${startTicks}`);
    if (run.sampleCount === 0) return;
    this.tracks.set(track.id, {
      id: track.id,
      startTicks,
      durationTicks: run.durationTicks,
      sampleCount: run.sampleCount,
    });
  }
}

interface SampleDefaults {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

interface RunPlace {
  readonly base: number;
  readonly data: DataWindow;
  readonly defaults: SampleDefaults;
}
