import { RelayError } from "../model/errors.ts";
import { millisecondsOf } from "../reader/attributes.ts";
import type { Exchange } from "../reader/exchange.ts";
import { lastPosition, type MediaPlaylist, mergeDelta, nextPosition } from "../reader/media-playlist.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import { Asker, type AskerContext } from "./asker.ts";
import type { Checker } from "./checker.ts";
import { DateRangeLog } from "./date-range-log.ts";
import { MediaWatch } from "./media-watch.ts";
import { PaceWatch } from "./pace-watch.ts";
import { type BlockedKind, lateByMs, type Prober, reaches } from "./rule.ts";

/** The ways to reload, over and over: each is what some player does. */
const STEPS = ["part", "part", "delta", "part", "reordered", "part", "delta-v2", "part", "part", "msn"] as const;
type Step = (typeof STEPS)[number];

/** Playlist requests that may fail in a row. */
const MAX_FAILURES = 5;
/** However short its parts are said to be. */
const MIN_PAUSE_MS = 50;
const RETRY_MS = 1_000;
const FIRST_PROBES_MS = 3_000;
const PROBE_INTERVAL_MS = 15_000;
/** A probe that blocks is answer enough. */
const PROBE_DEADLINE_MS = 10_000;
const DEFAULT_TARGET_MS = 6_000;
const DEFAULT_PART_MS = 1_000;

export interface RenditionWatchContext extends AskerContext {
  readonly id: string;
  readonly url: string;
  /** Called with each full playlist. */
  readonly onPlaylist: (playlist: MediaPlaylist) => void;
}

/** Follows one Media Playlist over time, one request after the other, and what it lists beside it. */
export class RenditionWatch {
  readonly id: string;
  readonly url: string;
  readonly #checker: Checker;
  readonly #onPlaylist: (playlist: MediaPlaylist) => void;
  readonly #asker: Asker;
  readonly #media: MediaWatch;
  readonly #pace: PaceWatch;
  readonly #dateRanges = new DateRangeLog();
  #full: MediaPlaylist | undefined;
  /** When the newest full playlist was asked for. */
  #askedMs = 0;
  #failures = 0;
  #answers = 0;
  #late = 0;

  constructor(context: RenditionWatchContext) {
    this.id = context.id;
    this.url = context.url;
    this.#checker = context.checker;
    this.#onPlaylist = context.onPlaylist;
    this.#asker = new Asker(context);
    this.#media = new MediaWatch(this.#asker, context.checker);
    this.#pace = new PaceWatch(context.network.clock, context.lag);
  }

  get ended(): boolean {
    return this.#full?.ended ?? false;
  }

  /**
   * Resolves when the stream has ended, or the signal aborts.
   * @throws RelayError `source-lost` when the playlist cannot be had any more
   */
  async run(): Promise<void> {
    try {
      while (this.#full === undefined) await this.#reloadPlain();
      // Probing goes on until the run is over, and only its failure ends it.
      const failed = this.#probeNowAndThen().then(() => new Promise<never>(() => undefined));
      await Promise.race([this.#follow(), failed]);
    } catch (thrown) {
      if (!this.#asker.signal.aborted) throw thrown;
    }
  }

  async #follow(): Promise<void> {
    for (let i = 0; !this.ended; i++) await this.#step(STEPS[i % STEPS.length] ?? "part");
    await this.#media.settled();
    await this.#probe("endProbe");
  }

  get #known(): MediaPlaylist {
    if (this.#full !== undefined) return this.#full;
    throw new RelayError("internal", `"${this.id}": expected a playlist by now`);
  }

  get #partTargetMs(): number {
    return this.#full?.partTargetMs ?? DEFAULT_PART_MS;
  }

  /** Between two requests of an origin that does not block. */
  get #pauseMs(): number {
    return Math.max(MIN_PAUSE_MS, Math.min(this.#partTargetMs, 500));
  }

  get #targetDurationMs(): number {
    return this.#full?.targetDurationMs || DEFAULT_TARGET_MS;
  }

  async #step(step: Step): Promise<void> {
    const { control } = this.#known;
    const asked = step === "delta-v2" && control.get("CAN-SKIP-DATERANGES") === "YES" ? "v2" : "YES";
    if (step === "delta" || step === "delta-v2") {
      if (control.has("CAN-SKIP-UNTIL")) await this.#reloadDelta(asked);
    } else if (control.get("CAN-BLOCK-RELOAD") === "YES") await this.#reloadBlocking(step);
    else {
      await this.#asker.wait(Math.max(MIN_PAUSE_MS, this.#known.partTargetMs ?? this.#targetDurationMs / 2));
      await this.#reloadPlain();
    }
  }

  async #reloadPlain(): Promise<void> {
    const answer = await this.#request("", 3 * this.#targetDurationMs + 10_000);
    if (answer.status === 200) {
      this.#failures = 0;
      this.#takeFull(answer, "plain");
      return;
    }
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) {
      throw new RelayError(
        "source-lost",
        `"${this.id}": expected a playlist at ${this.url}, got ${answer.status || "no answer"} ${this.#failures} times`,
      );
    }
    await this.#asker.wait(RETRY_MS);
  }

  async #reloadBlocking(step: "part" | "reordered" | "msn"): Promise<void> {
    const before = this.#known;
    const next = nextPosition(before);
    const hasParts = before.partTargetMs !== undefined && before.tags.has("EXT-X-PART");
    const kind: BlockedKind = hasParts ? step : "msn";
    const asked = kind === "msn" ? { msn: next.msn } : next;
    const answer = await this.#request(queryOf(kind, next), 3 * this.#targetDurationMs + 5_000);
    const stalledMs = this.#asker.lag.sinceMs(answer.askedMs);
    const waitedMs = Math.max(0, answer.endMs - answer.askedMs - stalledMs);
    if (answer.status === 200) this.#takeFull(answer, kind);
    else {
      // The server is asked no faster than it may be when it blocks.
      await this.#asker.wait(this.#pauseMs);
      await this.#reloadPlain();
    }
    const after = this.#known;
    const satisfied = after.ended || isSatisfied(after, asked);
    const blocked = { kind, asked, waitedMs, stalledMs, status: answer.status, before, after, satisfied };
    this.#checker.run("blocked", { url: answer.url, playlist: after }, (check, report) =>
      check({ ...blocked, answersBefore: this.#answers, lateBefore: this.#late }, report),
    );
    this.#answers += 1;
    if (lateByMs(blocked) > 0) this.#late += 1;
    if (answer.status === 200 && !satisfied) await this.#asker.wait(this.#pauseMs);
  }

  /** Whether the origin held it until there was something after the playlist before. A whole segment is waited for past that. */
  #hasWaitedFor({ askedMs, endMs }: Exchange, kind: BlockedKind | "plain"): boolean {
    const waitedMs = endMs - askedMs - this.#asker.lag.sinceMs(askedMs);
    return kind !== "plain" && kind !== "msn" && waitedMs >= this.#partTargetMs / 2;
  }

  async #reloadDelta(asked: "YES" | "v2"): Promise<void> {
    const checker = this.#checker;
    const base = this.#known;
    const exchanged = await this.#request(`_HLS_skip=${asked}`, this.#targetDurationMs + 5_000);
    if (exchanged.status !== 200) {
      await this.#reloadPlain();
      return;
    }
    const answer = parse(exchanged);
    // By what was known when it was asked for; the origin looked some time between then and the answer.
    const skipUntilMs = millisecondsOf(base.control.get("CAN-SKIP-UNTIL")) ?? 0;
    const oldDateRanges = this.#dateRanges.olderThan(skipUntilMs, exchanged.askedMs);
    const removedDateRanges = this.#dateRanges.leftWithin(skipUntilMs, exchanged.endMs);
    const subject = { url: exchanged.url, playlist: answer };
    checker.run("answer", subject, (check, report) => check(answer, report));
    const failures = this.#failures;
    await this.#reloadPlain();
    if (this.#failures !== failures) return;
    const full = this.#known;
    const merged = answer.skip === undefined ? answer : mergeDelta(base, answer);
    checker.run("delta", subject, (check, report) =>
      check({ asked, answer, base, merged, full, oldDateRanges, removedDateRanges }, report),
    );
  }

  #takeFull(exchanged: Exchange, kind: BlockedKind | "plain"): void {
    const checker = this.#checker;
    const before = this.#full;
    const playlist = parse(exchanged);
    const subject = { url: exchanged.url, playlist };
    checker.run("answer", subject, (check, report) => check(playlist, report));
    checker.run("playlist", subject, (check, report) => check(playlist, report));
    const isNext = this.#hasWaitedFor(exchanged, kind);
    if (before !== undefined)
      checker.run("change", subject, (check, report) => check(before, playlist, report, isNext));
    const seenMs = this.#askedMs;
    this.#full = playlist;
    this.#askedMs = exchanged.askedMs;
    const pace = this.#pace.take(playlist, kind !== "plain" && kind !== "msn");
    if (pace !== undefined) checker.run("pace", subject, (check, report) => check(pace, report));
    this.#dateRanges.take(playlist, exchanged.endMs);
    this.#media.take(playlist, before, seenMs);
    this.#onPlaylist(playlist);
  }

  #request(query: string, deadlineMs: number): Promise<Exchange> {
    return this.#asker.ask({ kind: "playlist", url: withQuery(this.url, query), deadlineMs });
  }

  async #probeNowAndThen(): Promise<void> {
    try {
      await this.#asker.wait(FIRST_PROBES_MS);
      while (!this.ended) {
        await this.#probe("probe");
        for (let waitedMs = 0; !this.ended && waitedMs < PROBE_INTERVAL_MS; waitedMs += RETRY_MS)
          await this.#asker.wait(RETRY_MS);
      }
    } catch (thrown) {
      if (!this.#asker.signal.aborted) throw thrown;
    }
  }

  async #probe(hook: "probe" | "endProbe"): Promise<void> {
    const ask = (url: string, range?: string): Promise<Exchange> =>
      this.#asker.ask({
        kind: "probe",
        url,
        ...(range === undefined ? {} : { range }),
        deadlineMs: Math.max(PROBE_DEADLINE_MS, this.#targetDurationMs),
      });
    await this.#checker.runInTurn(
      hook,
      () => ({ url: this.url, playlist: this.#known }),
      async (check, report) => {
        const prober: Prober = {
          playlist: this.#known,
          partTargetMs: this.#partTargetMs,
          targetDurationMs: this.#targetDurationMs,
          fetched: this.#media.lastFetched,
          reload: (query) => ask(withQuery(this.url, query)),
          get: ask,
        };
        // What ends meanwhile answers as an ended stream does, and is for the other probes.
        if (hook === "endProbe" || !this.ended) {
          await check(prober, (message, details) => {
            if (hook === "endProbe" || !this.ended) report(message, details);
          });
        }
      },
    );
  }
}

function parse({ bytes, location }: Exchange): MediaPlaylist {
  return parseMediaPlaylist(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), location);
}

function isSatisfied(playlist: MediaPlaylist, asked: { readonly msn: number; readonly part?: number }): boolean {
  const { part } = asked;
  if (part === undefined) return (playlist.segments.at(-1)?.msn ?? -1) >= asked.msn;
  return reaches(lastPosition(playlist), { msn: asked.msn, part });
}

function queryOf(kind: BlockedKind, { msn, part }: { readonly msn: number; readonly part: number }): string {
  if (kind === "msn") return `_HLS_msn=${msn}`;
  if (kind === "part") return `_HLS_msn=${msn}&_HLS_part=${part}`;
  return `_HLS%5Fpart=${part}&validator=%26_HLS_msn%3D1&_HLS_msn=${msn}`;
}

function withQuery(url: string, query: string): string {
  if (query === "") return url;
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}
