import { writeSidx } from "@svta/cml-iso-bmff";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { join } from "./box-writer.ts";
import { bytesOf, type ClipInit, writeClipInit } from "./clip-init.ts";
import { readClipPart, rebasePart } from "./clip-part.ts";
import { ClipTimeline, type PlacedPart, type TimedSegment } from "./clip-timeline.ts";

/** A segment as it is known before its bytes are read. */
export interface ClipSegment {
  /** All segments of a lane have the same media (`isSameMedia`). */
  readonly init: ClipInit;
  /** Wall clock of its start. */
  readonly wallMs: number;
  /** Gaps included. */
  readonly durationMs: number;
  /** Of its parts together; 0 where it is a gap as a whole. */
  readonly sizeBytes: number;
  /** Its timeline is not that of the segment before it. */
  readonly discontinuity: boolean;
  /** The parts in order, each one or more moof and mdat. They are never changed. @throws RelayError where they are gone */
  read(signal: AbortSignal): readonly Bytes[] | Promise<readonly Bytes[]>;
}

/** One fragmented MP4 file that is written as it is read. */
export interface Clip {
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly hasVideo: boolean;
  /**
   * The file, piece by piece, once. Reads one segment ahead at most; ends with an error where a segment is gone or is not what was
   * said of it.
   */
  chunks(): AsyncGenerator<Bytes, void>;
}

/** What stands between two entries of the index: a segment of the leading lane, and those of the others that start with it. */
interface Subsegment {
  /** Of the clip, up to its start. */
  readonly offsetMs: number;
  durationMs: number;
  sizeBytes: number;
  readonly segments: LaneSegment[];
}

interface LaneSegment {
  readonly segment: ClipSegment;
  readonly lane: number;
  /** Of gaps between the media before it and it. */
  readonly gapBeforeMs: number;
  readonly opensTimeline: boolean;
}

/** reference_count is of 16 bits. */
const MAX_REFERENCES = 0xffff;

/**
 * Writes segments of a live stream as one fragmented MP4: an init segment of its own, an index (sidx), and the media with
 * times from 0. The lanes are muxed, a track for each of theirs; the first one leads, and is the one that the index tells of. Reads the
 * first segment of each lane, so that what cannot be written is refused before the first byte.
 * @throws RelayError `media-not-found` without media, `unsupported-media`, or what reading throws
 * @see ISO/IEC 14496-12 8.16.3
 */
export async function openClip(lanes: readonly (readonly ClipSegment[])[], signal: AbortSignal): Promise<Clip> {
  if (!lanes[0]?.some(hasMedia)) throw new RelayError("media-not-found", "expected a segment with media, got none");
  const media = lanes.filter((segments) => segments.some(hasMedia)).map(mediaOf);
  const subsegments = divide(media[0] ?? [], media.slice(1).flat());
  const read = new Map<LaneSegment, Promise<TimedSegment>>();
  for (const [first] of media) if (first !== undefined) read.set(first, timed(first, signal));
  const [lead, ...others] = await Promise.all(read.values());
  if (lead === undefined) throw new RelayError("internal", "expected the first segment of the leading lane");

  const timeline = new ClipTimeline([lead, ...others]);
  const mediaMs = subsegments.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const durationMs = timeline.startS * 1000 + mediaMs;
  const head = join([writeClipInit(timeline.tracks, durationMs), index(subsegments, timeline)]);
  return {
    sizeBytes: subsegments.reduce((sum, { sizeBytes }) => sum + sizeBytes, head.byteLength),
    durationMs,
    hasVideo: timeline.tracks.some(({ track }) => track.info.kind === "video"),
    chunks: () => write({ head, subsegments, timeline, signal, read }),
  };
}

interface Writing {
  readonly head: Bytes;
  readonly subsegments: readonly Subsegment[];
  readonly timeline: ClipTimeline;
  readonly signal: AbortSignal;
  /** What has been read already. */
  readonly read: Map<LaneSegment, Promise<TimedSegment>>;
}

async function* write({ head, subsegments, timeline, signal, read }: Writing): AsyncGenerator<Bytes, void> {
  const fetch = (subsegment: Subsegment): Promise<readonly TimedSegment[]> => {
    const segments = Promise.all(subsegment.segments.map((each) => read.get(each) ?? timed(each, signal)));
    // Who asks for the segments hears of it; nobody may ask any more.
    segments.catch(() => undefined);
    return segments;
  };
  yield head;
  let sequenceNumber = 1;
  let ahead: Promise<readonly TimedSegment[]> | undefined;
  for (const [index, subsegment] of subsegments.entries()) {
    const media = await (ahead ?? fetch(subsegment));
    for (const segment of subsegment.segments) read.delete(segment);
    const next = subsegments[index + 1];
    ahead = next && fetch(next);
    for (const part of place(subsegment, media, timeline)) {
      signal.throwIfAborted();
      sequenceNumber = yield* rebasePart(part.bytes, { sequenceNumber, tracks: part.tracks });
    }
  }
}

/** The parts of all lanes by time; that of the leading lane comes first. */
function place(subsegment: Subsegment, media: readonly TimedSegment[], timeline: ClipTimeline): readonly PlacedPart[] {
  const opens = (index: number): boolean => subsegment.segments[index]?.opensTimeline === true;
  const lead = media[0];
  if (lead !== undefined && opens(0)) {
    const others = media.filter(({ lane }, index) => lane > 0 && opens(index));
    timeline.openLead(lead, timeline.startS + subsegment.offsetMs / 1000, others);
  }
  const placed = media.map((segment, index) => {
    if (segment.lane > 0 && opens(index)) timeline.openOther(segment);
    return timeline.place(segment);
  });
  const [first, ...rest] = placed.flat();
  return first === undefined ? [] : [first, ...rest.sort((a, b) => a.startS - b.startS)];
}

function hasMedia({ sizeBytes }: ClipSegment): boolean {
  return sizeBytes > 0;
}

async function timed({ lane, segment }: LaneSegment, signal: AbortSignal): Promise<TimedSegment> {
  signal.throwIfAborted();
  const { wallMs, init, sizeBytes } = segment;
  const views = await segment.read(signal);
  const readBytes = views.reduce((sum, view) => sum + view.byteLength, 0);
  if (readBytes !== sizeBytes)
    throw new RelayError("internal", `expected a segment of ${sizeBytes} bytes, got ${readBytes}`);
  return { lane, wallMs, init, parts: views.map((bytes) => ({ bytes, media: readClipPart(bytes, init) })) };
}

/**
 * The segments with bytes. What a gap left out is time that passes before the next one, and a timeline that began with a gap
 * begins with what follows it. The first one's timeline is known from the start.
 */
function mediaOf(segments: readonly ClipSegment[], lane: number): readonly LaneSegment[] {
  const media: LaneSegment[] = [];
  let gapBeforeMs = 0;
  let isNew = false;
  for (const segment of segments) {
    isNew ||= segment.discontinuity;
    if (segment.sizeBytes === 0) {
      gapBeforeMs += segment.durationMs;
      continue;
    }
    const isFirst = media.length === 0;
    media.push({ segment, lane, gapBeforeMs: isFirst ? 0 : gapBeforeMs, opensTimeline: isNew && !isFirst });
    gapBeforeMs = 0;
    isNew = false;
  }
  return media;
}

/** A segment of another lane goes with the first one of the leading lane that ends after it starts, by the wall clock. */
function divide(lead: readonly LaneSegment[], others: readonly LaneSegment[]): readonly Subsegment[] {
  const subsegments: Subsegment[] = [];
  let endMs = 0;
  for (const each of lead) {
    const { durationMs, sizeBytes } = each.segment;
    const last = subsegments.at(-1);
    // 8.16.3.3: a subsegment lasts until the next one is presented.
    if (last !== undefined) last.durationMs += each.gapBeforeMs;
    const offsetMs = endMs + each.gapBeforeMs;
    subsegments.push({ offsetMs, durationMs, sizeBytes, segments: [each] });
    endMs = offsetMs + durationMs;
  }
  const endWallMs = lead.map(({ segment }) => segment.wallMs + segment.durationMs);
  for (const each of others) {
    const at = endWallMs.findIndex((wallMs) => wallMs > each.segment.wallMs);
    const subsegment = subsegments.at(at);
    subsegment?.segments.push(each);
    if (subsegment !== undefined) subsegment.sizeBytes += each.segment.sizeBytes;
  }
  return subsegments;
}

/** Of the leading track: where each subsegment lies and how long it lasts, in ticks that add up to the whole. */
function index(subsegments: readonly Subsegment[], { tracks, startS }: ClipTimeline): Bytes {
  const [{ id, init, track }] = tracks;
  const primary = tracks.find((each) => each.init === init && each.track.info.id === init.segment.primary.id);
  const { timescale } = (primary?.track ?? track).info;
  const ticksOf = (ms: number): number => Math.round((ms / 1000) * timescale);
  const groupSize = Math.ceil(subsegments.length / MAX_REFERENCES);
  const references = [];
  for (let at = 0; at < subsegments.length; at += groupSize) {
    const group = subsegments.slice(at, at + groupSize);
    const [first, last] = [group[0], group.at(-1)];
    if (first === undefined || last === undefined) break;
    references.push({
      reference: 0,
      referenceType: 0,
      referencedSize: group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      subsegmentDuration: ticksOf(last.offsetMs + last.durationMs) - ticksOf(first.offsetMs),
      // All three 0: nothing is said of where a decoder can start.
      sap: 0,
      startsWithSap: 0,
      sapType: 0,
      sapDeltaTime: 0,
    });
  }
  return bytesOf(
    writeSidx({
      type: "sidx",
      version: 1,
      flags: 0,
      referenceId: primary?.id ?? id,
      timescale,
      earliestPresentationTime: Math.round(startS * timescale),
      firstOffset: 0,
      reserved: 0,
      references,
    }),
  );
}
