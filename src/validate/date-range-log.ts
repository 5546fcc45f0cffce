import type { MediaPlaylist } from "../reader/media-playlist.ts";

const MAX_KNOWN = 1_024;

/** When DATERANGEs came into a playlist, and when they left it, as far as full playlists tell. */
export class DateRangeLog {
  /** By line, since another attribute makes another tag: the latest time at which it can have come. */
  readonly #came = new Map<string, number>();
  /** By ID: the earliest time at which it can have left. */
  readonly #left = new Map<string, number>();
  #listed: ReadonlySet<string> = new Set();
  #lastMs = 0;

  /** Notes what a full playlist lists that was answered at `nowMs`. */
  take({ dateRanges, lines }: MediaPlaylist, nowMs: number): void {
    const now = new Set(dateRanges.map(({ line }) => lines[line - 1] ?? ""));
    for (const line of this.#came.keys()) if (!now.has(line)) this.#came.delete(line);
    for (const line of now) if (!this.#came.has(line) && this.#came.size < MAX_KNOWN) this.#came.set(line, nowMs);
    const ids = new Set(dateRanges.map(({ values }) => values.get("ID") ?? ""));
    for (const id of this.#listed) {
      if (ids.has(id)) continue;
      const [oldest] = this.#left.keys();
      if (oldest !== undefined && this.#left.size >= MAX_KNOWN) this.#left.delete(oldest);
      this.#left.set(id, this.#lastMs);
    }
    this.#listed = ids;
    this.#lastMs = nowMs;
  }

  /** Lines that had been listed for more than `ms` at `nowMs`. */
  olderThan(ms: number, nowMs: number): ReadonlySet<string> {
    return new Set([...this.#came].filter(([, cameMs]) => nowMs - cameMs > ms).map(([line]) => line));
  }

  /** Ids that had left within `ms` at `nowMs`, and are not back. */
  leftWithin(ms: number, nowMs: number): readonly string[] {
    return [...this.#left].filter(([id, leftMs]) => nowMs - leftMs < ms && !this.#listed.has(id)).map(([id]) => id);
  }
}
