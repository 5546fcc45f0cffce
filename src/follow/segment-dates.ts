import { allSegments, type ListedSegment, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";

/**
 * Gives every listed segment the wall clock of its start: as stated, carried on by durations in both directions where it is not, from
 * the playlist before where none is stated any more.
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.4.6
 */
export class SegmentDates {
  /** Of the newest playlist, by media sequence number. */
  #startMs = new Map<number, number>();
  #isDated = false;

  /** Whether a date was ever stated. */
  get isDated(): boolean {
    return this.#isDated;
  }

  /** @param undatedMs gives the start of the first segment of an origin that tells no date at all */
  take(playlist: MediaPlaylist, undatedMs: () => number): void {
    const segments = allSegments(playlist);
    const dates = segments.map(dateOf);
    const firstDated = dates.findIndex((date) => date !== undefined);
    this.#isDated ||= firstDated >= 0;
    const lastsMs = (until: number): number =>
      segments.slice(0, Math.max(0, until)).reduce((sum, segment) => sum + segmentMs(segment), 0);
    const first = segments[0];
    let startMs =
      (first && this.#startMs.get(first.msn)) ??
      (firstDated >= 0 ? (dates[firstDated] ?? 0) - lastsMs(firstDated) : undefined) ??
      this.#carriedOver(segments, lastsMs) ??
      undatedMs();
    const known = new Map<number, number>();
    segments.forEach((segment, i) => {
      startMs = dates[i] ?? startMs;
      known.set(segment.msn, startMs);
      startMs += segmentMs(segment);
    });
    this.#startMs = known;
  }

  /** Of a segment that the newest playlist lists. */
  startMs({ msn }: ListedSegment): number {
    return this.#startMs.get(msn) ?? 0;
  }

  /** Of the first segment by any that was listed before. */
  #carriedOver(segments: readonly ListedSegment[], lastsMs: (until: number) => number): number | undefined {
    const at = segments.findIndex(({ msn }) => this.#startMs.has(msn));
    const found = segments[at];
    return found && (this.#startMs.get(found.msn) ?? 0) - lastsMs(at);
  }
}

function dateOf({ programDateTime }: ListedSegment): number | undefined {
  const date = Date.parse(programDateTime ?? "");
  return Number.isNaN(date) ? undefined : date;
}
