import type { DateRangeOptions } from "../model/date-range.ts";
import type { RelayError } from "../model/errors.ts";
import type { MediaKey } from "../model/media-key.ts";
import type { PartKey } from "../model/part-header.ts";

/** A resource of the origin, or a range of one. */
export interface MediaRef {
  /** Absolute. */
  readonly url: string;
  readonly range?: {
    readonly offsetBytes: number;
    /** Absent in a hint: known once the part is listed. */
    readonly lengthBytes?: number;
  };
}

/** A part that is hinted: it can be asked for, and the origin answers when it is there (4.4.5.3). */
export interface HintedPart {
  readonly hinted: true;
  /** Where it is expected. Only hinted where that is as good as certain. */
  readonly key: PartKey;
  readonly ref: MediaRef;
  readonly init: MediaRef | undefined;
}

/** A part, or a whole segment of an origin that lists no parts, as the origin lists it. */
export interface FollowedPart {
  readonly hinted: false;
  readonly key: PartKey;
  readonly ref: MediaRef;
  /** What it is decoded with; none for WebVTT and MPEG-TS. */
  readonly init: MediaRef | undefined;
  readonly durationMs: number;
  /** Starts with a key frame, as the origin says it. */
  readonly independent: boolean;
  /** There is nothing to fetch. */
  readonly gap: boolean;
  /** A new timeline starts with it, as the origin says, and everybody hears. */
  readonly discontinuity: boolean;
  /** The first after `lost` or `reset`: it does not follow on what was told before. */
  readonly torn: boolean;
  /** Wall clock of its start in ms since the Unix epoch, carried on by durations. */
  readonly programDateTimeMs: number;
  /** Whether the origin tells dates, which are then the same for everybody; else it is when this follower first heard of it. */
  readonly dated: boolean;
  /** The first of its segment. */
  readonly opensSegment: boolean;
}

/** What happens to one rendition. Everything of one rendition comes in the order of its media; renditions do not wait for each other. */
export type FollowEvent =
  /** What follows is decoded with this; once more before it is in effect, as soon as it is hinted. */
  | { readonly kind: "init"; readonly init: MediaRef; readonly hinted: boolean }
  /** What follows is encrypted so; method NONE ends it. URIs are absolute. */
  | { readonly kind: "keys"; readonly keys: readonly MediaKey[] }
  | { readonly kind: "part"; readonly part: HintedPart | FollowedPart }
  /** A part that was hinted will not come there: the same resource may be listed elsewhere, or never. */
  | { readonly kind: "dropped"; readonly key: PartKey }
  /** Parts from `from` up to, and without, `to` left the playlist before they were seen. */
  | { readonly kind: "lost"; readonly from: PlaceInRendition; readonly to: PlaceInRendition }
  /** The origin began anew: numbers may come again, for other media. */
  | { readonly kind: "reset" }
  | { readonly kind: "date-range"; readonly range: DateRangeOptions }
  /** The origin cannot be heard, or says nothing of use (`origin-unreachable`, `origin-malformed`). It is asked again. */
  | { readonly kind: "trouble"; readonly error: RelayError; readonly failures: number; readonly retryInMs: number }
  /** It is heard again. */
  | { readonly kind: "recovered" }
  /** Nothing more comes. */
  | { readonly kind: "end" };

export interface PlaceInRendition {
  readonly msn: number;
  readonly part: number;
}

export interface FollowListener {
  /** `rendition` is the index in `Presentation.renditions`, as in the keys. Called synchronously; must not throw. */
  event(rendition: number, event: FollowEvent): void;
}

/** One in all maps and logs for a resource, or a range of it. */
export function refId({ url, range }: MediaRef): string {
  if (range === undefined) return url;
  const { offsetBytes, lengthBytes } = range;
  return `${url}@${offsetBytes}-${lengthBytes === undefined ? "" : offsetBytes + lengthBytes - 1}`;
}
