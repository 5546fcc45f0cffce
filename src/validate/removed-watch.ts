import { type ResourceKey, resourceKey } from "../reader/exchange.ts";
import { allSegments, type ListedSegment, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";
import type { Asker } from "./asker.ts";
import type { Checker } from "./checker.ts";

/** Checks of what left the playlist that wait for their time. */
const MAX_WAITING = 128;
/** How much of the time that something must stay is used up when it is asked for. */
const LATE_SHARE = 0.9;
const MAX_KNOWN = 20_000;
const PROBE_DEADLINE_MS = 10_000;

interface Removed {
  readonly what: "part" | "segment";
  readonly key: ResourceKey;
  /** No later than it left. */
  readonly leftMs: number;
  readonly stayMs: number;
  /** Until then it must be there at any rate. */
  readonly mustUntilMs: number;
}

/** Asks again for parts and segments that have left the playlist, while they still have to be there. */
export class RemovedWatch {
  readonly #asker: Asker;
  readonly #checker: Checker;
  /** When each segment that is listed can have come at the earliest, by its number; none of those that were there at first. */
  readonly #cameMs = new Map<number, number>();
  #waiting = 0;
  #newestMsn: number | undefined;
  #longestMs = 0;

  constructor(asker: Asker, checker: Checker) {
    this.#asker = asker;
    this.#checker = checker;
  }

  /** `fromMsn`: the first segment that was looked at; `seenMs`: when the playlist before was asked for. */
  take(playlist: MediaPlaylist, before: MediaPlaylist | undefined, times: { fromMsn: number; seenMs: number }): void {
    const segments = allSegments(playlist);
    this.#longestMs = Math.max(
      this.#longestMs,
      segments.reduce((sum, segment) => sum + segmentMs(segment), 0),
    );
    this.#noteArrivals(playlist.segments, times.seenMs);
    if (before === undefined) return;
    const now = new Map(playlist.segments.map((segment) => [segment.msn, segment]));
    for (const segment of before.segments) {
      if (segment.msn < times.fromMsn || segment.gap) continue;
      const is = now.get(segment.msn);
      if (is?.parts.length === 0) this.#partsLeft(before, segment, times.seenMs);
      if (is === undefined && segment.msn < playlist.mediaSequence) this.#segmentLeft(before, segment, times.seenMs);
    }
  }

  #noteArrivals(segments: readonly ListedSegment[], seenMs: number): void {
    const newestMsn = segments.at(-1)?.msn;
    if (newestMsn === undefined) return;
    if (this.#newestMsn !== undefined) {
      for (const { msn } of segments) {
        if (msn > this.#newestMsn && this.#cameMs.size < MAX_KNOWN) this.#cameMs.set(msn, seenMs);
      }
    }
    this.#newestMsn = Math.max(newestMsn, this.#newestMsn ?? 0);
  }

  #partsLeft(playlist: MediaPlaylist, { parts }: ListedSegment, leftMs: number): void {
    const part = parts.findLast(({ gap }) => !gap);
    if (part === undefined) return;
    const stayMs = 3 * (playlist.targetDurationMs ?? 0);
    this.#expect({ what: "part", key: resourceKey(playlist, part), leftMs, stayMs, mustUntilMs: leftMs + stayMs });
  }

  #segmentLeft(playlist: MediaPlaylist, segment: ListedSegment, leftMs: number): void {
    const cameMs = this.#cameMs.get(segment.msn);
    this.#cameMs.delete(segment.msn);
    const { resource } = segment;
    if (resource === undefined) return;
    const stayMs = segmentMs(segment) + this.#longestMs;
    const mustUntilMs = (cameMs ?? Number.NEGATIVE_INFINITY) + stayMs;
    this.#expect({ what: "segment", key: resourceKey(playlist, resource), leftMs, stayMs, mustUntilMs });
  }

  /** Asks near the end of the time; for a segment at once too, since the time that it must stay may be over soon. */
  #expect(removed: Removed): void {
    const { what, leftMs, stayMs, mustUntilMs } = removed;
    if (what === "segment") this.#ask(removed, this.#asker.clock.now(), mustUntilMs);
    this.#ask(removed, leftMs + LATE_SHARE * stayMs, leftMs + stayMs);
  }

  #ask({ what, key, leftMs, stayMs, mustUntilMs }: Removed, atMs: number, untilMs: number): void {
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    const check = async (): Promise<void> => {
      const { clock } = this.#asker;
      if (atMs > clock.now()) await this.#asker.wait(atMs - clock.now());
      const askedMs = clock.now();
      if (askedMs > untilMs) return;
      const { url, range = "bytes=0-0" } = key; // of a whole one, a byte tells
      const exchange = await this.#asker.ask({ kind: "probe", url, range, deadlineMs: PROBE_DEADLINE_MS });
      this.#checker.run("removed", { url }, (rule, report) =>
        rule({ what, goneForMs: askedMs - leftMs, stayMs, must: askedMs <= mustUntilMs, exchange }, report),
      );
    };
    check()
      .catch(() => undefined) // the run is over
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}
