import type { Bytes } from "../model/bytes.ts";
import type { ClipInit, ClipTrack, OutputTrack } from "./clip-init.ts";
import { earliestTicks, type TrackShift } from "./clip-part.ts";
import type { MediaPart } from "./media-part.ts";

/** A segment whose bytes are there. */
export interface TimedSegment {
  /** Which of the sources that the clip is muxed of, from 0; that one leads. */
  readonly lane: number;
  readonly wallMs: number;
  readonly init: ClipInit;
  readonly parts: readonly TimedPart[];
}

interface TimedPart {
  readonly bytes: Bytes;
  readonly media: MediaPart;
}

/** A part at its place in the clip. */
export interface PlacedPart {
  readonly bytes: Bytes;
  /** Presentation time of its start in the clip, in seconds. */
  readonly startS: number;
  readonly tracks: ReadonlyMap<number, TrackShift>;
}

/** Where a timeline of the leading lane begins: what ties those of the others to it. */
interface Anchor {
  readonly wallMs: number;
  /** Presentation time in the source. */
  readonly startS: number;
  /** Source time less clip time. */
  readonly offsetS: number;
}

interface TrackState {
  readonly id: number;
  readonly mediaTimeTicks: number;
  /** Decode time in the clip at which its last sample ends. */
  endTicks: number | undefined;
}

interface LaneState {
  /** Source time less clip time of its timeline. */
  offsetS: number;
  readonly tracks: readonly TrackState[];
}

/** Times of two lanes that differ by more than their wall clocks do are of different clocks. */
const SAME_CLOCK_S = 1;
/** Of sums of durations against sums of ticks. */
const ROUNDING_S = 0.001;
/** Of seconds since 1970 as ticks. */
const ROUNDING_TICKS = 0.1;

/**
 * Gives every sample of a clip its time: the earliest one that is shown is at 0, and what follows a discontinuity goes on where the
 * media before it ends, in all lanes alike. Within a timeline nothing is moved, so sound stays with its picture and holes stay holes.
 */
export class ClipTimeline {
  readonly tracks: readonly [OutputTrack, ...OutputTrack[]];
  /** Presentation time in the clip of the leading track's first sample. */
  readonly startS: number;
  readonly #lanes: readonly LaneState[];
  #anchors: readonly Anchor[];

  /** Takes the first segment with media of each lane, the leading one first. */
  constructor(firsts: readonly [TimedSegment, ...TimedSegment[]]) {
    const [lead] = firsts;
    const anchor: Anchor = { wallMs: lead.wallMs, startS: primaryStartS(lead), offsetS: 0 };
    const apart = firsts.map((first) => (first === lead ? 0 : apartS(first, anchor)));
    const starts = firsts.flatMap((first, lane) =>
      first.init.tracks.map((track) => {
        const start = startOf(first, track);
        return start === undefined ? Number.POSITIVE_INFINITY : shownS(track, start.shownTicks) - (apart[lane] ?? 0);
      }),
    );
    const baseS = Math.min(...starts);
    const outputs: OutputTrack[] = [];
    this.#lanes = firsts.map((first, lane) => {
      const offsetS = baseS + (apart[lane] ?? 0);
      const tracks = first.init.tracks.map((track): TrackState => {
        const id = outputs.length + 1;
        // What is decoded before the first sample that is shown needs a time too, and none is below 0.
        const zeroTicks = track.editTicks + ticksOf(offsetS, track);
        const mediaTimeTicks = Math.max(0, zeroTicks - (startOf(first, track)?.firstTicks ?? ticksOf(offsetS, track)));
        outputs.push({ init: first.init, track, id, mediaTimeTicks });
        return { id, mediaTimeTicks, endTicks: undefined };
      });
      return { offsetS, tracks };
    });
    this.tracks = outputs as [OutputTrack, ...OutputTrack[]];
    this.#anchors = [{ ...anchor, offsetS: baseS }];
    this.startS = anchor.startS - baseS;
  }

  /**
   * A new timeline begins with this segment of the leading lane. It goes on where the media before it ends, or at `plannedS` where that
   * is later: then media is missing. `others` are segments of other lanes that begin one too, and must not overlap either.
   */
  openLead(lead: TimedSegment, plannedS: number, others: readonly TimedSegment[]): void {
    const startS = primaryStartS(lead);
    const anchor: Anchor = { wallMs: lead.wallMs, startS, offsetS: 0 };
    const together = others.filter((other) => apartS(other, anchor) === 0);
    const seamlessS = this.#seamlessS([lead, ...together]);
    const plannedOffsetS = startS - plannedS;
    const offsetS = plannedOffsetS < seamlessS - ROUNDING_S ? plannedOffsetS : seamlessS;
    const state = this.#lanes[lead.lane];
    if (state !== undefined) state.offsetS = offsetS;
    // A lane that is a little behind may still be in the timeline before.
    this.#anchors = [...this.#anchors.slice(-1), { ...anchor, offsetS }];
  }

  /** A new timeline begins with this segment of another lane: the leading lane's, where that has it too. */
  openOther(segment: TimedSegment): void {
    const state = this.#lanes[segment.lane];
    if (state === undefined) return;
    const [nearest] = this.#anchors
      .map((anchor) => ({ anchor, distanceS: Math.abs(distanceS(segment, anchor)) }))
      .sort((a, b) => a.distanceS - b.distanceS);
    const anchor =
      nearest?.distanceS !== undefined && nearest.distanceS <= SAME_CLOCK_S ? nearest.anchor : this.#anchors.at(-1);
    if (anchor === undefined) return;
    state.offsetS = Math.min(anchor.offsetS + apartS(segment, anchor), this.#seamlessS([segment]));
  }

  /** Gives the parts of a segment their places, in order. */
  place({ lane, init, parts }: TimedSegment): readonly PlacedPart[] {
    const { offsetS, tracks } = this.#lanes[lane] ?? { offsetS: 0, tracks: [] };
    const shifts = new Map<number, TrackShift>();
    const states = new Map<number, TrackState>();
    for (const [index, track] of init.tracks.entries()) {
      const state = tracks[index];
      if (state === undefined) continue;
      const shiftTicks = track.editTicks + ticksOf(offsetS, track) - state.mediaTimeTicks;
      shifts.set(track.info.id, { id: state.id, shiftTicks });
      states.set(track.info.id, state);
    }
    return parts.map(({ bytes, media }) => {
      for (const { id, startTicks, durationTicks } of media.tracks.values()) {
        const state = states.get(id);
        if (state !== undefined) state.endTicks = startTicks + durationTicks - (shifts.get(id)?.shiftTicks ?? 0);
      }
      return { bytes, startS: media.startMs / 1000 - offsetS, tracks: shifts };
    });
  }

  /** The offset with which the tracks of these segments go on without a leap, and none of them overlaps what it has. */
  #seamlessS(segments: readonly TimedSegment[]): number {
    let leastS = Number.POSITIVE_INFINITY;
    for (const segment of segments) {
      for (const [index, track] of segment.init.tracks.entries()) {
        const state = this.#lanes[segment.lane]?.tracks[index];
        const start = startOf(segment, track);
        if (state?.endTicks === undefined || start === undefined) continue;
        const ticks = start.firstTicks - track.editTicks + state.mediaTimeTicks - state.endTicks;
        leastS = Math.min(leastS, ticks / track.info.timescale);
      }
    }
    return leastS;
  }
}

/** Rounded so that nothing begins before what it goes on behind. */
function ticksOf(timeS: number, { info }: ClipTrack): number {
  return Math.floor(timeS * info.timescale + ROUNDING_TICKS);
}

/** Presentation time of a composition time, or of the first moment that the edit list shows. */
function shownS({ info, editTicks, shownFromTicks }: ClipTrack, ticks: number): number {
  return Math.max(ticks - editTicks, shownFromTicks) / info.timescale;
}

interface TrackStart {
  readonly firstTicks: number;
  readonly shownTicks: number;
}

/** Where a track begins in a segment; undefined where it has no sample there. */
function startOf({ parts, init }: TimedSegment, { info: { id } }: ClipTrack): TrackStart | undefined {
  for (const { bytes, media } of parts) {
    const firstTicks = media.tracks.get(id)?.startTicks;
    if (firstTicks !== undefined) return { firstTicks, shownTicks: earliestTicks(bytes, init).get(id) ?? firstTicks };
  }
  return undefined;
}

function primaryStartS(segment: TimedSegment): number {
  const { tracks, segment: init } = segment.init;
  const primary = tracks.find(({ info }) => info.id === init.primary.id);
  if (primary === undefined) return 0;
  const start = startOf(segment, primary);
  return start === undefined ? 0 : shownS(primary, start.shownTicks);
}

/** How much later a segment is by its own clock than by the wall clock, against a timeline of the leading lane. */
function distanceS(segment: TimedSegment, { wallMs, startS }: Anchor): number {
  return primaryStartS(segment) - startS - (segment.wallMs - wallMs) / 1000;
}

/** 0 where a segment shares the anchor's clock, so that its own times count; else what makes them one by the wall clock. */
function apartS(segment: TimedSegment, anchor: Anchor): number {
  const distance = distanceS(segment, anchor);
  return Math.abs(distance) <= SAME_CLOCK_S ? 0 : distance;
}
