import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { type Ask, type Exchange, exchange, type Fetch, type Network } from "../reader/exchange.ts";
import { endWallMs, type MediaPlaylist } from "../reader/media-playlist.ts";
import { isMultivariant, type ListedRendition, parseMultivariant } from "../reader/multivariant-playlist.ts";
import { Checker } from "./checker.ts";
import { type Finding, Findings, type Level } from "./finding.ts";
import { LagWatch } from "./lag-watch.ts";
import { RenditionWatch } from "./rendition-watch.ts";
import type { RenditionView, Setting } from "./rule.ts";
import { RULES } from "./rules.ts";

export interface ValidateOptions {
  /** How long the presentation is followed; less if it ends before. Default 30 s. */
  readonly durationMs?: number;
  /** Default: the host's. In a page its requests go through the Service Worker. */
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** Ends the run; the report says what was found so far. */
  readonly signal?: AbortSignal;
  /** Ids as the report names them; default all, at most 32. */
  readonly renditions?: readonly string[];
  /** False where a Service Worker answers (rules 61 and 66). Default true. */
  readonly overNetwork?: boolean;
  /** An origin that must be allowed to read (rule 67); sent as Origin where the host lets us. */
  readonly allowedOrigin?: string;
  /** Called with each finding when it is seen first. */
  readonly onFinding?: (finding: Finding) => void;
  /** Called with each full playlist. */
  readonly onPlaylist?: (rendition: string, playlist: MediaPlaylist) => void;
}

export interface RuleReport {
  readonly rule: number;
  readonly section: string;
  readonly level: Level;
  readonly title: string;
  /** How often there was something to look at: 0 says that the run tells nothing of this rule. */
  readonly occasions: number;
  /** Different findings. */
  readonly findings: number;
}

export interface ValidationReport {
  readonly url: string;
  readonly durationMs: number;
  readonly renditions: readonly string[];
  readonly requests: number;
  readonly playlists: number;
  readonly ended: boolean;
  readonly findings: readonly Finding[];
  /** Different findings that were too many of one rule to keep. */
  readonly dropped: number;
  readonly rules: readonly RuleReport[];
  /** Why the run ended before its time, where a playlist could not be had any more. */
  readonly failure?: string;
}

const DEFAULT_DURATION_MS = 30_000;
/** An origin may hold the first playlist until a segment has closed. */
const FIRST_ANSWER_MS = 15_000;

/**
 * Follows a live LL-HLS presentation as players do, and holds all that it answers against the rules of a conforming origin.
 * @throws RelayError `source-missing` when there is no playlist at `url`; `invalid-option` for a rendition that is not there
 * @example
 * const report = await validate("http://localhost:8080/live/studio/main.m3u8", { durationMs: 30_000 });
 * report.findings.filter((finding) => finding.level === "MUST");
 */
export async function validate(url: string, options: ValidateOptions = {}): Promise<ValidationReport> {
  return new Validation(url, options).run();
}

class Validation {
  readonly #url: string;
  readonly #options: ValidateOptions;
  readonly #clock: Clock;
  readonly #findings: Findings;
  readonly #checker: Checker;
  readonly #network: Network;
  readonly #setting: Setting;
  readonly #lag: LagWatch;
  readonly #aborter = new AbortController();
  readonly #views = new Map<string, RenditionView>();
  readonly #behindSinceMs = new Map<string, number>();
  #requests = 0;
  #playlists = 0;

  constructor(url: string, options: ValidateOptions) {
    this.#url = url;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lag = new LagWatch(this.#clock);
    this.#findings = new Findings(options.onFinding);
    this.#checker = new Checker(RULES, this.#findings, this.#clock);
    const { fetch = (target, init) => globalThis.fetch(target, init), allowedOrigin, overNetwork = true } = options;
    this.#setting = { overNetwork, ...(allowedOrigin === undefined ? {} : { allowedOrigin }) };
    this.#network = {
      clock: this.#clock,
      headers: allowedOrigin === undefined ? {} : { origin: allowedOrigin },
      fetch: (target, init) => {
        this.#requests += 1;
        return fetch(target, init);
      },
    };
  }

  async run(): Promise<ValidationReport> {
    const { signal, durationMs = DEFAULT_DURATION_MS } = this.#options;
    const startMs = this.#clock.now();
    const stop = (): void => this.#aborter.abort(new DOMException("the run is over", "AbortError"));
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      const listed = await this.#renditions();
      const wanted = this.#wanted(listed);
      // The first answer may be held: the time runs from then on.
      const cancelTimer = this.#clock.after(durationMs, stop);
      const watches = wanted.map((rendition) => this.#watch(rendition, wanted, listed));
      const runs = await Promise.allSettled(watches.map((watch) => watch.run()));
      cancelTimer();
      const failures = runs.flatMap((run, i) => {
        if (run.status === "rejected") return [messageOf(run.reason)];
        const { id = "", url = "" } = wanted[i] ?? {};
        return this.#views.has(url) ? [] : [`"${id}": expected a playlist at ${url}, none came`];
      });
      return this.#report({
        durationMs: this.#clock.now() - startMs,
        renditions: wanted.map(({ id }) => id),
        ended: watches.every((watch) => watch.ended),
        failures,
      });
    } finally {
      signal?.removeEventListener("abort", stop);
      stop();
      this.#lag.stop();
    }
  }

  async #renditions(): Promise<readonly ListedRendition[]> {
    const ask: Ask = {
      kind: "multivariant",
      url: this.#url,
      signal: this.#aborter.signal,
      deadlineMs: FIRST_ANSWER_MS,
    };
    const answer = await exchange(this.#network, ask).catch((thrown: unknown) => {
      throw new RelayError("source-missing", `expected a playlist at ${this.#url}: ${messageOf(thrown)}`);
    });
    const text = new TextDecoder().decode(answer.bytes);
    if (answer.status !== 200 || !/^\uFEFF?#EXTM3U/m.test(text)) {
      throw new RelayError("source-missing", `expected a playlist at ${this.#url}, got ${whatCame(answer, text)}`);
    }
    const found = { ...answer, kind: isMultivariant(text) ? ("multivariant" as const) : ("playlist" as const) };
    this.#checker.run("exchange", { url: this.#url }, (check, report) => check(found, report, this.#setting));
    if (isMultivariant(text)) {
      const listed = parseMultivariant(text, answer.location);
      if (listed.length > 0) return listed;
      throw new RelayError("source-missing", `expected a Media Playlist in ${this.#url}, it names none`);
    }
    return [{ id: "media", url: this.#url, kind: "variant", attributes: new Map() }];
  }

  #wanted(listed: readonly ListedRendition[]): readonly ListedRendition[] {
    const { renditions } = this.#options;
    if (renditions === undefined || renditions.length === 0) return listed;
    for (const id of renditions)
      if (!listed.some((one) => one.id === id)) {
        const known = listed.map((one) => one.id).join(", ");
        throw new RelayError("invalid-option", `rendition: expected one of ${known}, got ${id}`);
      }
    return listed.filter(({ id }) => renditions.includes(id));
  }

  #watch(
    { id, url }: ListedRendition,
    wanted: readonly ListedRendition[],
    listed: readonly ListedRendition[],
  ): RenditionWatch {
    const urls = listed.map((one) => one.url);
    return new RenditionWatch({
      id,
      url,
      network: this.#network,
      checker: this.#checker,
      setting: this.#setting,
      lag: this.#lag,
      signal: this.#aborter.signal,
      onPlaylist: (playlist) => {
        this.#playlists += 1;
        this.#options.onPlaylist?.(id, playlist);
        this.#views.set(url, { id, url, playlist, behindForMs: this.#behindForMs(url, playlist) });
        if (this.#views.size < wanted.length) return;
        const renditions = [...this.#views.values()];
        this.#checker.run("presentation", { url: this.#url, playlist }, (check, report) =>
          check({ renditions, urls }, report),
        );
      },
    });
  }

  /** For how long a rendition's answers have ended more than a part before those of the others. */
  #behindForMs(url: string, playlist: MediaPlaylist): number {
    const nowMs = this.#clock.now();
    const endMs = endWallMs(playlist);
    const others = [...this.#views.values()].filter((view) => view.url !== url && !view.playlist.ended);
    const firstMs = Math.max(...others.map((view) => endWallMs(view.playlist) ?? Number.NEGATIVE_INFINITY));
    const partMs = playlist.partTargetMs ?? playlist.targetDurationMs ?? 0;
    const isBehind = endMs !== undefined && !playlist.ended && firstMs - endMs > partMs + Math.max(250, partMs / 2);
    const sinceMs = isBehind ? (this.#behindSinceMs.get(url) ?? nowMs) : undefined;
    if (sinceMs === undefined) this.#behindSinceMs.delete(url);
    else this.#behindSinceMs.set(url, sinceMs);
    return sinceMs === undefined ? 0 : nowMs - sinceMs;
  }

  #report(run: {
    readonly durationMs: number;
    readonly renditions: readonly string[];
    readonly ended: boolean;
    readonly failures: readonly string[];
  }): ValidationReport {
    const findings = this.#findings.all;
    const { durationMs, renditions, ended, failures } = run;
    return {
      url: this.#url,
      durationMs,
      renditions,
      requests: this.#requests,
      playlists: this.#playlists,
      ended,
      findings,
      dropped: this.#findings.dropped,
      rules: RULES.map(({ number, section, level, title }) => ({
        rule: number,
        section,
        level,
        title,
        occasions: this.#checker.occasions.get(number) ?? 0,
        findings: findings.filter((finding) => finding.rule === number).length,
      })),
      ...(failures.length === 0 ? {} : { failure: failures.join("; ") }),
    };
  }
}

/** An error of the network says no more than that it failed; its cause says why. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { message, cause } = thrown;
  const why = cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : "") : "";
  return why === "" ? message : `${message}: ${why}`;
}

const SHOWN_CHARACTERS = 80;

/** An answer that is no playlist, as far as it helps to see what it is. */
function whatCame({ status, headers }: Exchange, text: string): string {
  const type = headers.get("content-type") ?? "no Content-Type";
  const start = text.trim().replace(/\s+/g, " ").slice(0, SHOWN_CHARACTERS);
  return `${status} (${type})${start === "" ? " without a body" : `: ${start}`}`;
}
