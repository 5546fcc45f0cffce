import type { MediaKey } from "../model/media-key.ts";
import { MAX_PARTS_PER_SEGMENT } from "../model/part-header.ts";
import { millisecondsOf } from "../reader/attributes.ts";
import { resolveUri } from "../reader/exchange.ts";
import {
  allSegments,
  hintOf,
  type ListedPart,
  type ListedResource,
  type ListedSegment,
  type MediaPlaylist,
  segmentMs,
} from "../reader/media-playlist.ts";
import { type FollowEvent, type FollowedPart, type MediaRef, type PlaceInRendition, refId } from "./follow-events.ts";
import { hintedPart } from "./hinted-place.ts";
import { ListedDateRanges } from "./listed-date-ranges.ts";
import { keysOf, sameKeys } from "./listed-keys.ts";
import { SegmentDates } from "./segment-dates.ts";

/** `edge`: from where a player would start, the hold-back before the end. `window`: from the first part that is listed. */
export type FollowStart = "edge" | "window";

export interface PartFeedOptions {
  readonly rendition: number;
  readonly start: FollowStart;
  readonly emit: (event: FollowEvent) => void;
  /** Wall clock of the start of a playlist whose origin tells no dates. */
  readonly undatedMs: (playlist: MediaPlaylist) => number;
  /** Every segment starts with a key frame, as the Multivariant Playlist says. Default false. */
  readonly independentSegments?: boolean;
}

/** A part, or a segment that stands for one, where it is listed. */
interface Unit {
  readonly part: number;
  readonly resource: ListedResource | undefined;
  readonly durationMs: number;
  readonly independent: boolean;
  readonly gap: boolean;
}

/** From here on `partNumber()` is not exact; half of what would be, so that a stream can go on. */
const MAX_MSN_OF_PARTS = 2 ** 52 / MAX_PARTS_PER_SEGMENT;
/** A player that knows no better starts so many target durations before the end (6.3.3). */
const HOLD_BACK_TARGETS = 3;

/** Makes of one playlist after the other what is new in them, each part once. Remembers no more than the newest one lists. */
export class PartFeed {
  readonly #options: PartFeedOptions;
  readonly #emit: (event: FollowEvent) => void;
  #dates = new SegmentDates();
  readonly #dateRanges = new ListedDateRanges();
  /** Whether parts are followed, or whole segments. Decided once, since keys must mean the same from then on. */
  #isByPart: boolean | undefined;
  #next: PlaceInRendition | undefined;
  #init: string | undefined;
  #hintedInit: string | undefined;
  #keys: readonly MediaKey[] = [{ method: "NONE" }];
  #hint: { readonly place: PlaceInRendition; readonly ref: MediaRef } | undefined;
  /** The first of those that were missed, until it is known which one is the next. */
  #lostFrom: PlaceInRendition | undefined;
  /** What comes next does not follow on what came before. */
  #isTorn = false;
  #hasEnded = false;

  constructor(options: PartFeedOptions) {
    this.#options = options;
    this.#emit = options.emit;
  }

  get ended(): boolean {
    return this.#hasEnded;
  }

  /** Takes a whole playlist, or a merged delta, that is not older than the one before. @throws RelayError `origin-malformed` */
  take(playlist: MediaPlaylist): void {
    if (this.#hasEnded) return;
    this.#isByPart ??= listsParts(playlist);
    this.#dates.take(playlist, () => this.#options.undatedMs(playlist));
    this.#next ??= this.#startOf(playlist);
    for (const range of this.#dateRanges.take(playlist)) this.#emit({ kind: "date-range", range });
    for (const segment of allSegments(playlist)) this.#segment(segment, playlist);
    if (playlist.ended) {
      this.#dropHint();
      this.#hasEnded = true;
      this.#emit({ kind: "end" });
    } else this.#takeHints(playlist);
  }

  /** The origin began anew: what it lists now is followed from its start. */
  reset(): void {
    this.#dropHint();
    this.#emit({ kind: "reset" });
    this.#isByPart = undefined;
    this.#next = undefined;
    this.#init = undefined;
    this.#hintedInit = undefined;
    this.#dates = new SegmentDates();
    this.#lostFrom = undefined;
    this.#isTorn = true;
  }

  #segment(segment: ListedSegment, playlist: MediaPlaylist): void {
    const next = this.#next;
    if (next === undefined || segment.msn < next.msn) return;
    const units = this.#unitsOf(segment, playlist);
    const first = segment.msn === next.msn ? next.part : 0;
    // Its parts have left the playlist, or were never in it: the numbers of the rest cannot be told.
    const isCut = this.#isByPart === true && first === 0 && segment === cutSegment(playlist);
    const isMissed = isCut || (units.length === 0 && segment.resource !== undefined);
    if (isMissed || segment.msn > next.msn) this.#lostFrom ??= next;
    this.#next = isMissed ? { msn: segment.msn + 1, part: 0 } : { msn: segment.msn, part: first };
    if (isMissed) return;
    for (const unit of units.slice(first)) {
      this.#unit(unit, segment, playlist);
      this.#next = { msn: segment.msn, part: unit.part + 1 };
    }
    if (segment.resource !== undefined) this.#next = { msn: segment.msn + 1, part: 0 };
  }

  #unitsOf(segment: ListedSegment, { tags }: MediaPlaylist): readonly Unit[] {
    const { parts, gap, resource } = segment;
    const startsIndependent = this.#options.independentSegments === true || tags.has("EXT-X-INDEPENDENT-SEGMENTS");
    if (this.#isByPart === true && parts.length > 0) {
      return parts.slice(0, MAX_PARTS_PER_SEGMENT).map((part: ListedPart, index) => ({
        part: index,
        resource: part,
        durationMs: part.durationMs,
        independent: part.independent || (index === 0 && startsIndependent),
        gap: part.gap || gap,
      }));
    }
    if (resource === undefined || (this.#isByPart === true && !gap)) return [];
    // 4.4.2.1 leaves it open without its tag; who cuts segments at all cuts them there.
    return [{ part: 0, resource, durationMs: segmentMs(segment), independent: true, gap }];
  }

  #unit({ part, resource, durationMs, independent, gap }: Unit, segment: ListedSegment, playlist: MediaPlaylist): void {
    const { url } = playlist;
    const { msn, discontinuity } = segment;
    const opensSegment = part === 0;
    if (this.#lostFrom !== undefined) {
      this.#emit({ kind: "lost", from: this.#lostFrom, to: { msn, part } });
      this.#lostFrom = undefined;
      this.#isTorn = true;
    }
    const init = segment.map && refOf(segment.map, url);
    if (init !== undefined && refId(init) !== this.#init) {
      this.#init = refId(init);
      this.#emit({ kind: "init", init, hinted: false });
    }
    const keys = keysOf(segment, url);
    if (!sameKeys(keys, this.#keys)) {
      this.#keys = keys;
      this.#emit({ kind: "keys", keys });
    }
    const before = segment.parts.slice(0, part).reduce((sum, one) => sum + one.durationMs, 0);
    const key = { rendition: this.#options.rendition, msn, part };
    const ref = resource === undefined ? { url } : refOf(resource, url);
    this.#settleHint({ msn, part }, ref);
    const followed: FollowedPart = {
      hinted: false,
      key,
      ref,
      init,
      durationMs,
      independent,
      gap,
      discontinuity: opensSegment && discontinuity,
      torn: this.#isTorn,
      programDateTimeMs: this.#dates.startMs(segment) + before,
      dated: this.#dates.isDated,
      opensSegment,
    };
    this.#isTorn = false;
    this.#emit({ kind: "part", part: followed });
  }

  #takeHints(playlist: MediaPlaylist): void {
    const { url } = playlist;
    const map = hintOf(playlist, "MAP")?.values;
    const mapUri = map?.get("URI");
    if (mapUri !== undefined) {
      const init = { url: resolveUri(mapUri, url) };
      // One that is a range of something that grows is announced when it is listed.
      const isWhole = !map?.has("BYTERANGE-START") && !map?.has("BYTERANGE-LENGTH");
      const id = refId(init);
      if (isWhole && id !== this.#hintedInit && id !== this.#init) {
        this.#hintedInit = id;
        this.#emit({ kind: "init", init, hinted: true });
      }
    }
    const hint = this.#isByPart === true ? hintedPart(playlist) : undefined;
    const next = this.#next;
    const isNext = hint !== undefined && next !== undefined && isHintOf(hint.place, next);
    if (hint === undefined || !isNext) {
      this.#dropHint();
      return;
    }
    const ref: MediaRef = {
      url: resolveUri(hint.uri, url),
      ...(hint.range === undefined ? {} : { range: hint.range }),
    };
    const { place } = hint;
    if (this.#hint !== undefined && refId(this.#hint.ref) === refId(ref) && isSame(this.#hint.place, place)) return;
    this.#dropHint();
    this.#hint = { place, ref };
    const last = allSegments(playlist).at(-1)?.map;
    const init = mapUri === undefined ? last && refOf(last, url) : { url: resolveUri(mapUri, url) };
    this.#emit({ kind: "part", part: { hinted: true, key: this.#keyOf(place), ref, init } });
  }

  /** A part is listed: the hint was of it, or of nothing that comes there. */
  #settleHint(place: PlaceInRendition, { url, range }: MediaRef): void {
    const hint = this.#hint;
    if (hint === undefined) return;
    const isSameStart = hint.ref.url === url && (hint.ref.range?.offsetBytes ?? 0) === (range?.offsetBytes ?? 0);
    if (isSame(hint.place, place) && isSameStart) this.#hint = undefined;
    else this.#dropHint();
  }

  #dropHint(): void {
    if (this.#hint === undefined) return;
    const key = this.#keyOf(this.#hint.place);
    this.#hint = undefined;
    this.#emit({ kind: "dropped", key });
  }

  #keyOf({ msn, part }: PlaceInRendition): { rendition: number; msn: number; part: number } {
    return { rendition: this.#options.rendition, msn, part };
  }

  #startOf(playlist: MediaPlaylist): PlaceInRendition {
    const segments = allSegments(playlist);
    const first = segments[0]?.msn ?? playlist.mediaSequence;
    const cut = cutSegment(playlist);
    const hasParts = (segment: ListedSegment): boolean => segment.parts.length > 0 && segment !== cut;
    const usable = this.#isByPart === true ? segments.find(hasParts) : segments[0];
    if (this.#options.start === "window" || playlist.ended) return { msn: usable?.msn ?? first, part: 0 };
    const wantedMs = this.#holdBackMs(playlist);
    let heldMs = 0;
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i];
      if (segment === undefined || segment.msn < (usable?.msn ?? first)) break;
      heldMs += this.#isByPart === true || segment.resource !== undefined ? segmentMs(segment) : 0;
      // A whole segment at least, so that whoever lists it again can close one.
      if (heldMs >= wantedMs && segment.resource !== undefined) return { msn: segment.msn, part: 0 };
    }
    return { msn: usable?.msn ?? first, part: 0 };
  }

  /** 4.4.3.8: where a player starts. */
  #holdBackMs({ control, partTargetMs = 0, targetDurationMs = 0 }: MediaPlaylist): number {
    if (this.#isByPart === true)
      return millisecondsOf(control.get("PART-HOLD-BACK")) ?? HOLD_BACK_TARGETS * partTargetMs;
    return millisecondsOf(control.get("HOLD-BACK")) ?? HOLD_BACK_TARGETS * targetDurationMs;
  }
}

/**
 * Whether a playlist is followed by its parts. One that has ended is followed by whole segments: its parts may be listed or not. So is one
 * whose numbers leave no room for those of parts.
 */
export function listsParts({ ended, partTargetMs, tags, segments, mediaSequence }: MediaPlaylist): boolean {
  const isNumbered = mediaSequence < MAX_MSN_OF_PARTS;
  return !ended && isNumbered && partTargetMs !== undefined && (tags.has("EXT-X-PART") || segments.length === 0);
}

/** 6.2.2: parts leave one by one. What is left of the oldest segment that lists any does not fill it then. */
function cutSegment({ segments, partTargetMs = 0 }: MediaPlaylist): ListedSegment | undefined {
  const oldest = segments.find(({ parts }) => parts.length > 0);
  if (oldest?.durationMs === undefined) return undefined;
  const leftMs = oldest.parts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return leftMs < oldest.durationMs - partTargetMs / 2 ? oldest : undefined;
}

function refOf({ uri, range }: ListedResource, base: string): MediaRef {
  return { url: resolveUri(uri, base), ...(range === undefined ? {} : { range }) };
}

const isSame = (one: PlaceInRendition, other: PlaceInRendition): boolean =>
  one.msn === other.msn && one.part === other.part;

/** The next part in this segment, or the first of the one after it: by then nothing between is missing. */
function isHintOf(place: PlaceInRendition, next: PlaceInRendition): boolean {
  return isSame(place, next) || (place.msn === next.msn + 1 && place.part === 0);
}
