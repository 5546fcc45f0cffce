import { parseInitSegment } from "../media/init-segment.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { RelayError } from "../model/errors.ts";
import type { StreamOptions } from "../model/options.ts";
import type { CatalogTrack } from "./catalog.ts";
import { type MeasuredObject, type MeasuredPart, MeasuredTrack, measure } from "./measured-track.ts";
import { producerEpochMs } from "./prft.ts";
import type { TrackListener } from "./track-reader.ts";

/** A stream is looked at until each of its tracks has shown a whole group, or for this long. */
const LOOK_MS = 4_000;
/** What may be kept meanwhile. */
const MAX_LOOK_BYTES = 32 * 1024 * 1024;
/** Objects at least this long are parts of their own; shorter ones are put together to parts of the second length at most. */
const OWN_PART_MS = 167;
const PART_MS = 333;
/** A part that is too long makes room for others of its kind. */
const GROWTH = 1.25;
const ROUNDING_MS = 0.05;
/** A timeline that is off by this is placed anew. */
const REPLACED_MS = 1_000;
/** What a playlist may have (`resolveStreamOptions()`). */
const MAX_TARGET_MS = 60_000;
const DEFAULT_TARGET_DURATION_MS = 6_000;

/** How a stream that says nothing of it is cut, as far as was seen. */
export interface MeasuredTimes {
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
}

export interface MeasuredListener {
  /** How the stream is cut is known, or is cut otherwise from now on: before any part that is. */
  readonly measured: (times: MeasuredTimes) => void;
  /** The next part of a track (index in what was given); `torn`: on a timeline of its own. */
  readonly part: (
    track: number,
    part: MeasuredPart,
    place: { readonly programDateTimeMs: number; readonly torn: boolean },
  ) => void;
  /** What would come before the next part is lost. */
  readonly lost: (track: number, position: { readonly msn: number; readonly part: number }) => void;
  readonly refused: (error: RelayError) => void;
  readonly restarted: () => void;
}

interface Seen {
  readonly track: number;
  readonly object: MeasuredObject;
}

type Event =
  | {
      readonly kind: "object";
      readonly track: number;
      readonly group: number;
      readonly index: number;
      readonly bytes: Bytes;
    }
  | { readonly kind: "ended"; readonly track: number; readonly group: number; readonly whole: boolean };

/**
 * A stream whose publisher sends media and a catalog, and nothing else: what playlists must say of it is measured. It is looked at
 * first, since playlists fix how long parts and segments may be.
 */
export class MeasuredStream {
  readonly #clock: Clock;
  readonly #listener: MeasuredListener;
  readonly #given: readonly CatalogTrack[];
  readonly #inits: readonly ReturnType<typeof parseInitSegment>[];
  /** Until it is known how the stream is cut. */
  #held: Event[] | undefined = [];
  #heldBytes = 0;
  readonly #seen: Seen[] = [];
  #tracks: readonly MeasuredTrack[] = [];
  #times: MeasuredTimes | undefined;
  /** Wall clock of media time 0. */
  #epochMs: number | undefined;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  /** @throws RelayError `malformed-init` */
  constructor(tracks: readonly CatalogTrack[], { clock, listener }: { clock: Clock; listener: MeasuredListener }) {
    this.#given = tracks;
    this.#clock = clock;
    this.#listener = listener;
    this.#inits = tracks.map(({ init }) => parseInitSegment(init));
  }

  /** Hears one of the tracks, by its index. */
  listener(track: number): TrackListener {
    return {
      object: (group, index, bytes) => this.#take({ kind: "object", track, group, index, bytes }),
      groupEnded: (group) => this.#take({ kind: "ended", track, group, whole: true }),
      groupLost: (group) => this.#take({ kind: "ended", track, group, whole: false }),
      refused: this.#listener.refused,
    };
  }

  /** The newest group of a track that was heard of. */
  newestGroup(track: number): number | undefined {
    const newest = this.#tracks[track]?.newestGroup ?? -1;
    return newest < 0 ? undefined : newest;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #take(event: Event): void {
    if (this.#isClosed) return;
    if (this.#held === undefined) {
      this.#pass(event);
      return;
    }
    this.#held.push(event);
    if (event.kind === "object") this.#lookAt(event);
    this.#cancel ??= this.#clock.after(LOOK_MS, () => this.#begin());
    if (this.#heldBytes > MAX_LOOK_BYTES || this.#isSeen) this.#begin();
  }

  #lookAt({ track, group, index, bytes }: Extract<Event, { kind: "object" }>): void {
    this.#heldBytes += bytes.byteLength;
    const init = this.#inits[track];
    if (init === undefined) return;
    try {
      const object = measure(group, index, bytes, init);
      this.#seen.push({ track, object });
      this.#placeInTime(object, producerEpochMs(bytes, init.primary.timescale));
    } catch {
      // Said when it is passed on.
    }
  }

  /** The part that came earliest after it was made tells the most; the producer's own word, if there is one, is better. */
  #placeInTime({ startMs, durationMs }: MeasuredObject, saidMs: number | undefined): void {
    const arrivedMs = this.#clock.wallMs() - startMs - durationMs;
    this.#epochMs = saidMs ?? Math.min(this.#epochMs ?? Number.POSITIVE_INFINITY, arrivedMs);
  }

  /** Whether each track has shown the start of a second group. */
  get #isSeen(): boolean {
    return this.#given.every((_, track) => this.#groupLengths(track).length > 0);
  }

  #groupLengths(track: number): readonly number[] {
    const starts = new Map<number, number>();
    for (const { track: of, object } of this.#seen) {
      if (of === track && object.index === 0) starts.set(object.group, object.startMs);
    }
    const inOrder = [...starts].sort(([left], [right]) => left - right).map(([, startMs]) => startMs);
    return inOrder.slice(1).map((startMs, index) => startMs - (inOrder[index] ?? startMs));
  }

  #begin(): void {
    if (this.#isClosed || this.#held === undefined) return;
    this.#cancel?.();
    const held = this.#held;
    this.#held = undefined;
    this.#cut(this.#measured());
    for (const event of held) this.#pass(event);
    this.#tick();
  }

  #measured(): MeasuredTimes {
    const objectsMs = this.#seen.map(({ object }) => object.durationMs);
    const longestMs = Math.max(0, ...objectsMs);
    const partTargetMs = longestMs >= OWN_PART_MS ? longestMs : PART_MS;
    const groupsMs = this.#given.flatMap((_, track) => this.#groupLengths(track)).filter((ms) => ms > 0);
    const targetDurationMs = groupsMs.length === 0 ? DEFAULT_TARGET_DURATION_MS : Math.max(...groupsMs);
    return withinLimits({ partTargetMs, targetDurationMs });
  }

  #cut(times: MeasuredTimes): void {
    this.#times = times;
    this.#seen.length = 0;
    const { measured, lost, refused, restarted } = this.#listener;
    measured(times);
    this.#tracks = this.#given.map(
      ({ init }, track) =>
        new MeasuredTrack({
          init,
          partTargetMs: times.partTargetMs,
          next: (part, torn) => this.#give(track, part, torn),
          lost: (position) => lost(track, position),
          refused,
          restarted,
        }),
    );
  }

  #give(track: number, part: MeasuredPart, torn: boolean): void {
    const { measured, part: give } = this.#listener;
    const { startMs, durationMs } = part;
    const times = this.#times;
    if (times !== undefined && durationMs > times.partTargetMs + ROUNDING_MS) {
      // Longer than any that was seen: playlists end, and others go on.
      this.#times = withinLimits({ ...times, partTargetMs: Math.max(durationMs, GROWTH * times.partTargetMs) });
      measured(this.#times);
    }
    const arrivedMs = this.#clock.wallMs() - startMs - durationMs;
    // Tracks share a timeline, so the first of them that is torn tells for all.
    if (torn && Math.abs(arrivedMs - (this.#epochMs ?? 0)) > REPLACED_MS) this.#epochMs = arrivedMs;
    const programDateTimeMs = Math.max(0, Math.round((this.#epochMs ?? arrivedMs) + startMs));
    give(track, part, { programDateTimeMs, torn });
  }

  #pass(event: Event): void {
    const track = this.#tracks[event.track];
    if (track === undefined) return;
    if (event.kind === "ended") track.groupEnded(event.group, event.whole);
    else track.object(event.group, event.index, event.bytes);
  }

  #tick(): void {
    const { partTargetMs, targetDurationMs } = this.#times ?? withinLimits({ partTargetMs: 0, targetDurationMs: 0 });
    this.#cancel = this.#clock.after(partTargetMs, () => {
      const patience = Math.ceil(targetDurationMs / partTargetMs);
      for (const track of this.#tracks) track.tick(patience);
      this.#tick();
    });
  }
}

function withinLimits({ partTargetMs, targetDurationMs }: MeasuredTimes): MeasuredTimes {
  const part = Math.min(MAX_TARGET_MS, Math.max(50, Math.ceil(partTargetMs)));
  return {
    partTargetMs: part,
    targetDurationMs: Math.min(MAX_TARGET_MS, Math.max(part, 1_000, Math.ceil(targetDurationMs))),
  };
}

/** What a worker is told of such a stream. */
export function measuredOptions(
  tracks: readonly CatalogTrack[],
  { partTargetMs, targetDurationMs }: MeasuredTimes,
): StreamOptions {
  return {
    renditions: tracks.map(({ rendition }) => rendition),
    partTargetMs,
    targetDurationMs,
    // Segments are cut where groups begin, as far as those can be told from other parts that stand alone.
    segmentMinMs: Math.min(targetDurationMs, Math.max(0, 0.75 * targetDurationMs)),
  };
}
