import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import { RelayError } from "../model/errors.ts";
import type { Network } from "../reader/exchange.ts";
import { lastPosition, type MediaPlaylist, mergeDelta } from "../reader/media-playlist.ts";
import { isMultivariant } from "../reader/multivariant-playlist.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import { backoffMs } from "./backoff.ts";
import { askOrigin, malformed, type OriginFailure, whatCame } from "./origin-answer.ts";
import { PartFeed, type PartFeedOptions } from "./part-feed.ts";
import { DEFAULT_TARGET_MS, nextReload, overdueMs, pauseMs, type Reload, withQuery } from "./reload-plan.ts";

/** A day of parts, several times over; beyond it something is wrong. */
export const MAX_PLAYLIST_BYTES = 8 * 1024 * 1024;
/** Answers that are older than what is known, in a row, before it is believed that the origin began anew. */
const STALE_ANSWERS = 3;

export interface RenditionFollowerOptions extends PartFeedOptions {
  readonly url: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Follows one Media Playlist to its end, whatever its origin does meanwhile. One request at a time. */
export class RenditionFollower {
  readonly #options: RenditionFollowerOptions;
  readonly #feed: PartFeed;
  #known: MediaPlaylist | undefined;
  #knownAtMs = 0;
  /** When the last request began. */
  #askedMs = 0;
  #opening: Promise<void> | undefined;
  #newsAtMs: number;
  #failures = 0;
  #unchanged = 0;
  #stale: { readonly sinceMs: number; readonly answers: number; readonly first: MediaPlaylist } | undefined;
  /** The last blocking request, or delta, went wrong. */
  #isPlainNext = false;

  constructor(options: RenditionFollowerOptions) {
    this.#options = options;
    this.#feed = new PartFeed(options);
    this.#newsAtMs = options.clock.now();
  }

  /** The newest playlist, merged; undefined before the first. */
  get playlist(): MediaPlaylist | undefined {
    return this.#known;
  }

  get ended(): boolean {
    return this.#feed.ended;
  }

  /**
   * The first playlist, which `run()` begins with. One try.
   * @throws RelayError `origin-unreachable`, `origin-malformed`; the signal's reason
   */
  open(deadlineMs: number): Promise<void> {
    this.#opening = this.#open(deadlineMs);
    return this.#opening;
  }

  async #open(deadlineMs: number): Promise<void> {
    const answer = await this.#ask({ ...nextReload(undefined, true), deadlineMs });
    if ("error" in answer) throw answer.error;
    this.#keep(answer);
  }

  /** Resolves at the end of the rendition; rejects with the signal's reason. */
  async run(): Promise<void> {
    // Whoever did not wait for it finds the answer here.
    await this.#opening?.catch(() => undefined);
    const { clock, signal } = this.#options;
    if (this.#known !== undefined) {
      this.#announce(this.#known);
      if (!this.ended) await delay(clock, Math.max(0, this.#pauseMs(this.#nextReload())), signal);
    }
    while (!this.ended) {
      const reload = this.#nextReload();
      const answer = await (reload.isBlocking ? this.#askBlocking(reload) : this.#ask(reload));
      this.#isPlainNext = false;
      let waitMs: number;
      if ("error" in answer) waitMs = this.#failed(answer, reload);
      else {
        const isNews = this.#take(answer);
        this.#unchanged = isNews ? 0 : this.#unchanged + 1;
        waitMs = this.#pauseMs(reload);
      }
      if (this.ended) return;
      if (waitMs > 0) await delay(clock, waitMs, signal);
      // A host whose answers are all at hand must have its turn as well.
      else if (signal.aborted) throw signal.reason;
    }
  }

  #nextReload(): Reload {
    const ageMs = this.#options.clock.now() - this.#knownAtMs;
    const known = this.#known && { playlist: this.#known, ageMs };
    return nextReload(known, this.#isPlainNext || this.#stale !== undefined);
  }

  /**
   * An answer that is long overdue may be lost with its connection, of which nobody says so: a router has forgotten it, say. A plain request
   * takes another connection, and has news then. While the producer rests it has none, and the first one is waited for.
   */
  async #askBlocking(reload: Reload): Promise<MediaPlaylist | OriginFailure> {
    const { clock, signal } = this.#options;
    const known = this.#known;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      const blocking = this.#ask(reload, either);
      const second = delay(clock, overdueMs(known), either).then(async () => {
        const answer = await this.#ask(nextReload(known && { playlist: known, ageMs: 0 }, true), either);
        return "error" in answer || known === undefined || !isNewer(answer, known) ? blocking : answer;
      });
      // Whichever is not needed ends with an abort.
      for (const each of [blocking, second]) each.catch(() => undefined);
      return await Promise.race([blocking, second]);
    } finally {
      over.abort(new RelayError("closed", "another answer came first"));
    }
  }

  async #ask(reload: Reload, signal = this.#options.signal): Promise<MediaPlaylist | OriginFailure> {
    const { network, url, clock } = this.#options;
    this.#askedMs = clock.now();
    const { query, deadlineMs, isDelta } = reload;
    const asked = withQuery(url, query);
    const answer = await askOrigin(network, {
      kind: "playlist",
      url: asked,
      signal,
      deadlineMs,
      maxBytes: MAX_PLAYLIST_BYTES,
    });
    if (!answer.ok) return answer;
    const text = new TextDecoder().decode(answer.bytes);
    const playlist = parseMediaPlaylist(text, answer.location);
    const problem = problemOf(playlist, answer.headers);
    if (problem !== undefined) return malformed(`${asked}: ${problem}`);
    if (playlist.skip === undefined) return playlist;
    const merged = isDelta && this.#known !== undefined ? mergeDelta(this.#known, playlist) : undefined;
    return merged ?? malformed(`${asked}: expected a delta upon what is known, segments are skipped that are not`);
  }

  /** Whether there was anything new in it. */
  #take(playlist: MediaPlaylist): boolean {
    const known = this.#known;
    // An origin that ends may drop what was not a whole segment yet.
    const isEnd = known !== undefined && playlist.ended && !isOther(playlist, known);
    if (known !== undefined && isOlder(playlist, known) && !isEnd) {
      this.#takeStale(playlist, known);
      return false;
    }
    this.#stale = undefined;
    const isNews = known === undefined || isNewer(playlist, known);
    this.#keep(playlist);
    if (isNews) {
      this.#newsAtMs = this.#options.clock.now();
      // Before what it brings, which may be the end.
      this.#recovered();
    } else this.#watchSilence();
    return this.#announce(playlist) && isNews;
  }

  #keep(playlist: MediaPlaylist): void {
    this.#known = playlist;
    this.#knownAtMs = this.#options.clock.now();
  }

  /** False where the playlist holds what cannot be passed on. */
  #announce(playlist: MediaPlaylist): boolean {
    try {
      this.#feed.take(playlist);
      return true;
    } catch (thrown) {
      this.#trouble(RelayError.from(thrown), this.#targetMs);
      return false;
    }
  }

  /**
   * Answers that go back may come from another cache, which has not caught up; or the origin began anew. That is so when it goes on
   * from there, or lists other media under numbers that were used.
   */
  #takeStale(playlist: MediaPlaylist, known: MediaPlaylist): void {
    const { clock } = this.#options;
    const stale = this.#stale ?? { sinceMs: clock.now(), answers: 0, first: playlist };
    this.#stale = { ...stale, answers: stale.answers + 1 };
    const isLasting = this.#stale.answers >= STALE_ANSWERS && clock.now() - stale.sinceMs >= this.#targetMs;
    if (isLasting && (isNewer(playlist, stale.first) || isOther(playlist, known) || playlist.ended)) {
      this.#stale = undefined;
      this.#recovered();
      this.#feed.reset();
      this.#keep(playlist);
      this.#announce(playlist);
      this.#newsAtMs = clock.now();
      return;
    }
    const { last, came } = { last: textOf(known), came: textOf(playlist) };
    this.#trouble(
      new RelayError(
        "origin-malformed",
        `${playlist.url}: expected media from ${last} on, the playlist ends with ${came}`,
      ),
      this.#targetMs / 2,
    );
  }

  /** A playlist that is answered, and does not grow, is as good as none. */
  #watchSilence(): void {
    const silentMs = this.#options.clock.now() - this.#newsAtMs;
    if (silentMs <= 3 * this.#targetMs) return;
    const silent = `nothing new for ${Math.round(silentMs / 1000)} s`;
    this.#trouble(
      new RelayError("origin-unreachable", `${this.#options.url}: expected media, ${silent}`),
      this.#targetMs / 2,
    );
  }

  #failed({ error, status, retryAfterMs }: OriginFailure, reload: Reload): number {
    const { random } = this.#options;
    // 6.2.5.2: 400 is what an origin says of a number too far ahead, 503 of one that did not come in time.
    const isDirective = reload.query !== "" && (status === 400 || error.code === "origin-malformed");
    this.#isPlainNext = reload.query !== "";
    const waitMs = isDirective && this.#failures === 0 ? 0 : backoffMs(this.#failures + 1, random, retryAfterMs);
    this.#trouble(error, waitMs);
    return waitMs;
  }

  #trouble(error: RelayError, retryInMs: number): void {
    this.#failures += 1;
    this.#options.emit({ kind: "trouble", error, failures: this.#failures, retryInMs });
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#options.emit({ kind: "recovered" });
  }

  #pauseMs(reload: Reload): number {
    const known = this.#known;
    const { clock, random } = this.#options;
    if (known === undefined) return backoffMs(1, random);
    const isBlocking = reload.isBlocking && this.#stale === undefined;
    const tookMs = clock.now() - this.#askedMs;
    return pauseMs(known, { ...reload, isBlocking }, this.#unchanged) - (isBlocking ? 0 : tookMs);
  }

  get #targetMs(): number {
    return this.#known?.targetDurationMs || DEFAULT_TARGET_MS;
  }
}

/** Why a text is no Media Playlist that can be followed. */
function problemOf(playlist: MediaPlaylist, headers: Headers): string | undefined {
  const { text, lines, problems, tags, targetDurationMs } = playlist;
  if (!/^\uFEFF?#EXTM3U/.test(text)) return `expected a playlist, got ${whatCame(headers, text)}`;
  if (isMultivariant(text)) return "expected a Media Playlist, got a Multivariant Playlist";
  if (targetDurationMs === undefined || targetDurationMs <= 0) return "expected EXT-X-TARGETDURATION, there is none";
  const sequence = lines[(tags.get("EXT-X-MEDIA-SEQUENCE")?.[0] ?? 0) - 1]?.slice(22);
  if (Number(sequence) > Number.MAX_SAFE_INTEGER)
    return `EXT-X-MEDIA-SEQUENCE: expected at most 2^53 - 1, got ${sequence}`;
  const unread = problems.find(({ line }) =>
    /^(?:#EXTINF|#EXT-X-PART:|#EXT-X-BYTERANGE|[^#])/.test(lines[line - 1] ?? ""),
  );
  return unread && `line ${unread.line}: ${unread.message}`;
}

const END = Number.MAX_SAFE_INTEGER;

/** Where a playlist ends, as two numbers that compare: a closed segment is beyond any of its parts. */
function endOf(playlist: MediaPlaylist): { readonly msn: number; readonly part: number } {
  const last = lastPosition(playlist);
  if (last === undefined) return { msn: playlist.mediaSequence - 1, part: END };
  const isClosed = playlist.open === undefined || playlist.open.parts.length === 0;
  return isClosed ? { msn: last.msn, part: END } : last;
}

function compareEnds(one: MediaPlaylist, other: MediaPlaylist): number {
  const [a, b] = [endOf(one), endOf(other)];
  return a.msn - b.msn || a.part - b.part;
}

function isOlder(playlist: MediaPlaylist, known: MediaPlaylist): boolean {
  return compareEnds(playlist, known) < 0;
}

function isNewer(playlist: MediaPlaylist, known: MediaPlaylist): boolean {
  return compareEnds(playlist, known) > 0 || (playlist.ended && !known.ended);
}

/** Whether a segment that both list is another one. Queries may hold tokens, which differ each time. */
function isOther(playlist: MediaPlaylist, known: MediaPlaylist): boolean {
  const paths = new Map(known.segments.map(({ msn, resource }) => [msn, pathOf(resource?.uri)]));
  const shared = playlist.segments.filter(({ msn }) => paths.has(msn)).at(-1);
  // Nothing shared: it ends before all that is known.
  return shared === undefined || paths.get(shared.msn) !== pathOf(shared.resource?.uri);
}

const pathOf = (uri = ""): string => uri.split("?")[0] ?? "";

function textOf(playlist: MediaPlaylist): string {
  const { msn, part } = endOf(playlist);
  return part === END ? `segment ${msn}` : `part ${msn}.${part}`;
}
