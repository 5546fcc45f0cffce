import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import { type MediaPart, parsePart } from "../media/media-part.ts";
import type { Bytes } from "../model/bytes.ts";
import { integerOf } from "./attributes.ts";
import type { Checker } from "./checker.ts";
import { delay } from "./delay.ts";
import { type Ask, type Exchange, exchange, type Network, rangeHeader, resolveUri } from "./exchange.ts";
import {
  allSegments,
  hintOf,
  type LineNumber,
  type ListedPart,
  type ListedResource,
  type ListedSegment,
  type MediaPlaylist,
  segmentMs,
} from "./media-playlist.ts";
import type { PartMedia, Setting } from "./rule.ts";

/** Of the first playlist only these are fetched: the rest may be long. */
const FIRST_SEGMENTS = 3;
/** Requests for media at once, but for hinted parts. */
const MAX_AT_ONCE = 6;
/** Segments that wait to be looked at; beyond, they are passed over. */
const MAX_PENDING = 16;
/** Checks of what left the playlist that wait for their time. */
const MAX_REMOVED = 128;
const MAX_INITS = 32;
/** How much of the time that something must stay is used up when it is asked for. */
const LATE_SHARE = 0.9;

export interface MediaWatchContext {
  readonly network: Network;
  readonly checker: Checker;
  readonly setting: Setting;
  readonly signal: AbortSignal;
}

interface Track {
  readonly signature: string;
  readonly endMs: number | undefined;
}

/** Fetches what a rendition lists and hints, and holds the media against the playlist. */
export class MediaWatch {
  readonly #context: MediaWatchContext;
  readonly #inits = new Map<string, Promise<InitSegment | undefined>>();
  readonly #parts = new Map<string, Promise<Exchange>>();
  readonly #hinted = new Map<string, Promise<Exchange>>();
  readonly #openRanges = new Map<string, { readonly startBytes: number; readonly answer: Promise<Exchange> }>();
  readonly #removed = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #hints = 0;
  #trickled = 0;
  /** First segment that is looked at, and the next to be. */
  #fromMsn: number | undefined;
  #nextMsn = 0;
  #pending = 0;
  #queue: Promise<void> = Promise.resolve();
  #track: Track | undefined;
  #longestMs = 0;
  #lastFetched: Exchange | undefined;

  constructor(context: MediaWatchContext) {
    this.#context = context;
  }

  /** A segment that was fetched whole and has media. */
  get lastFetched(): Exchange | undefined {
    return this.#lastFetched;
  }

  /** Looks at what is new in a full playlist; `seenMs`: when the one before was asked for. */
  take(playlist: MediaPlaylist, before: MediaPlaylist | undefined, seenMs: number): void {
    const segments = allSegments(playlist);
    this.#longestMs = Math.max(
      this.#longestMs,
      segments.reduce((sum, segment) => sum + segmentMs(segment), 0),
    );
    if (this.#fromMsn === undefined) {
      this.#fromMsn = playlist.segments.at(-FIRST_SEGMENTS)?.msn ?? playlist.mediaSequence;
      this.#nextMsn = this.#fromMsn;
    }
    for (const segment of segments) {
      if (segment.msn < this.#nextMsn) continue;
      for (const part of segment.parts) this.#fetchPart(playlist, part);
      if (segment.resource === undefined) continue;
      this.#nextMsn = segment.msn + 1;
      this.#lookAt(playlist, segment);
    }
    this.#askForHint(playlist);
    if (before !== undefined) this.#watchRemoved(before, playlist, seenMs);
  }

  /** Resolves when everything that was fetched has been looked at. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  #fetchPart(playlist: MediaPlaylist, part: ListedPart): void {
    const key = keyOf(playlist, part);
    if (this.#parts.has(key)) return;
    const early = this.#hinted.get(key);
    this.#hinted.delete(key);
    const answer = early ?? this.#fetch("part", playlist, part);
    this.#parts.set(key, answer);
    const { checker } = this.#context;
    const subject = { url: playlist.url, playlist };
    answer.then(
      (done) => {
        // Before it was listed, 404 was a lawful answer.
        if (early === undefined || part.gap) this.#listed("part", part, done, playlist);
        else {
          const partTargetMs = playlist.partTargetMs ?? 1_000;
          const patienceMs = 2 * (playlist.targetDurationMs ?? 6_000);
          if (done.endMs - done.firstByteMs > partTargetMs / 3 + 100) this.#trickled += 1;
          checker.run("hinted", subject, (check, report) =>
            check({ part, exchange: done, patienceMs, trickled: this.#trickled }, report),
          );
        }
      },
      () => undefined, // the run is over
    );
  }

  #listed(
    what: "part" | "segment" | "init",
    { gap = false, line }: { readonly gap?: boolean; readonly line?: LineNumber },
    answer: Exchange,
    playlist: MediaPlaylist,
  ): void {
    this.#context.checker.run("listed", { url: answer.url, playlist }, (check, report) =>
      check({ what, gap, line, exchange: answer }, report),
    );
  }

  /** Every other hint is asked for before its part is there, so that listed parts are asked for too. */
  #askForHint(playlist: MediaPlaylist): void {
    const hint = hintOf(playlist, "PART");
    const uri = hint?.values.get("URI");
    if (uri === undefined || playlist.ended) return;
    const url = keyOf(playlist, { uri });
    if (this.#hinted.has(url) || this.#parts.has(url) || this.#openRanges.has(url)) return;
    this.#hints += 1;
    if (this.#hints % 2 === 0) return;
    const startBytes = integerOf(hint?.values.get("BYTERANGE-START"));
    const deadlineMs = 3 * (playlist.targetDurationMs ?? 6_000) + 5_000;
    const ask: Ask = { kind: "part", url, signal: this.#context.signal, deadlineMs };
    if (startBytes === undefined) keepNewest(this.#hinted, url, this.#start(ask));
    else {
      // The answer goes on until the segment is closed: it is held against the whole segment then.
      const answer = this.#start({ ...ask, range: `bytes=${startBytes}-` });
      keepNewest(this.#openRanges, url, { startBytes, answer });
    }
  }

  #start(ask: Ask): Promise<Exchange> {
    const answer = this.#ask(ask);
    answer.catch(() => undefined); // the run is over
    return answer;
  }

  async #checkOpenRange(whole: Exchange): Promise<void> {
    const open = this.#openRanges.get(whole.url);
    if (open === undefined) return;
    this.#openRanges.delete(whole.url);
    const answer = await open.answer;
    this.#context.checker.run("openRange", { url: whole.url }, (check, report) =>
      check({ startBytes: open.startBytes, exchange: answer, segment: whole.bytes }, report),
    );
  }

  #lookAt(playlist: MediaPlaylist, segment: ListedSegment): void {
    const { resource, gap, lastLine, map } = segment;
    if (resource === undefined) return;
    const keys = segment.parts.map((part) => keyOf(playlist, part));
    const answers = keys.map((key) => this.#parts.get(key));
    // Its parts are not looked for again: only segments from the next on are.
    for (const key of keys) this.#parts.delete(key);
    if (this.#pending >= MAX_PENDING) {
      this.#track = undefined;
      return;
    }
    this.#pending += 1;
    const whole = this.#fetch("segment", playlist, resource);
    whole.then(
      (answer) => this.#listed("segment", { gap, line: lastLine }, answer, playlist),
      () => undefined, // the run is over
    );
    const init = map === undefined ? Promise.resolve(undefined) : this.#init(playlist, map);
    this.#queue = this.#queue
      .then(async () => {
        const parts = await Promise.all(answers);
        await this.#examine(playlist, segment, { init: await init, whole: await whole, parts });
      })
      .catch((thrown: unknown) => {
        if (!this.#context.signal.aborted) throw thrown;
      })
      .finally(() => {
        this.#pending -= 1;
      });
  }

  #init(playlist: MediaPlaylist, map: ListedResource): Promise<InitSegment | undefined> {
    const key = keyOf(playlist, map);
    const known = this.#inits.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#inits.keys();
    if (oldest !== undefined && this.#inits.size >= MAX_INITS) this.#inits.delete(oldest);
    const read = this.#fetch("init", playlist, map).then((answer) => {
      this.#listed("init", {}, answer, playlist);
      return attempt(() => parseInitSegment(answer.bytes)).value;
    });
    this.#inits.set(key, read);
    return read;
  }

  async #examine(
    playlist: MediaPlaylist,
    segment: ListedSegment,
    got: {
      readonly init: InitSegment | undefined;
      readonly whole: Exchange;
      readonly parts: readonly (Exchange | undefined)[];
    },
  ): Promise<void> {
    const { init, whole } = got;
    // Whole segments in AES-128 are no boxes to us, and other formats are not fragmented MP4.
    const readable = init !== undefined && segment.encryption !== "AES-128";
    const wholeOk = isOk(whole) && !segment.gap;
    if (wholeOk) {
      this.#lastFetched = whole;
      await this.#checkOpenRange(whole);
    }
    const parts: PartMedia[] = [];
    for (const [i, listed] of segment.parts.entries()) {
      const answer = got.parts[i];
      if (listed.gap) parts.push({ listed, bytes: new Uint8Array(0), media: undefined });
      else if (answer !== undefined && isOk(answer))
        parts.push({ listed, bytes: answer.bytes, ...(readable ? read(answer.bytes, init) : { media: undefined }) });
    }
    const complete = parts.length === segment.parts.length ? parts : [];
    const ofWhole = wholeOk && readable ? read(whole.bytes, init) : { media: undefined };
    const signature = init?.tracks.map(({ id, kind, codec }) => `${id} ${kind} ${codec ?? ""}`).join() ?? "";
    const former = segment.discontinuity ? undefined : this.#track;
    this.#context.checker.run("media", { url: whole.url }, (check, report) =>
      check(
        {
          segment,
          partTargetMs: playlist.partTargetMs,
          hasVideo: init?.primary.kind === "video",
          parts: complete,
          bytes: wholeOk ? whole.bytes : undefined,
          ...ofWhole,
          expectedStartMs: former?.endMs,
          tracksChanged: former !== undefined && former.signature !== signature,
        },
        report,
      ),
    );
    const hasGap = segment.gap || segment.parts.some((part) => part.gap);
    this.#track = { signature, endMs: hasGap ? undefined : endOf(ofWhole.media, complete) };
  }

  #watchRemoved(before: MediaPlaylist, after: MediaPlaylist, seenMs: number): void {
    const now = new Map(after.segments.map((segment) => [segment.msn, segment]));
    for (const segment of before.segments) {
      if (segment.msn < (this.#fromMsn ?? 0) || segment.gap) continue;
      const is = now.get(segment.msn);
      const part = segment.parts.findLast(({ gap }) => !gap);
      if (part !== undefined && is?.parts.length === 0)
        this.#checkRemoved("part", keyOf(before, part), seenMs, 3 * (after.targetDurationMs ?? 0));
      const { resource } = segment;
      if (resource !== undefined && is === undefined && segment.msn < after.mediaSequence)
        this.#checkRemoved("segment", keyOf(before, resource), seenMs, segmentMs(segment) + this.#longestMs);
    }
  }

  /** Asks once at once, and once near the end of the time. */
  #checkRemoved(what: "part" | "segment", key: string, seenMs: number, mustStayMs: number): void {
    if (this.#removed.size >= MAX_REMOVED) return;
    const { network, signal, checker } = this.#context;
    const check = async (): Promise<void> => {
      const now = network.clock.now();
      await delay(network.clock, Math.max(0, seenMs + LATE_SHARE * mustStayMs - now), signal);
      const askedMs = network.clock.now();
      if (askedMs - seenMs > mustStayMs) return;
      const [url = key, range] = key.split("@bytes=");
      const answer = await this.#ask({
        kind: "probe",
        url,
        range: range === undefined ? "bytes=0-0" : `bytes=${range}`,
        signal,
        deadlineMs: 10_000,
      });
      checker.run("removed", { url }, (rule, report) =>
        rule({ what, goneForMs: askedMs - seenMs, mustStayMs, exchange: answer }, report),
      );
    };
    const checked = check()
      .catch(() => undefined) // the run is over
      .finally(() => this.#removed.delete(checked));
    this.#removed.add(checked);
  }

  async #fetch(
    kind: "part" | "segment" | "init",
    playlist: MediaPlaylist,
    resource: ListedResource,
  ): Promise<Exchange> {
    const range = rangeHeader(resource);
    const ask: Ask = {
      kind,
      url: resolveUri(resource.uri, playlist.url),
      ...(range === undefined ? {} : { range }),
      signal: this.#context.signal,
      deadlineMs: 2 * (playlist.targetDurationMs ?? 6_000) + 10_000,
    };
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      return await this.#ask(ask);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** An answer that never comes is one of status 0; rejects only when the run is over. */
  async #ask(ask: Ask): Promise<Exchange> {
    const { network, checker, setting, signal } = this.#context;
    try {
      const answer = await exchange(network, ask);
      checker.run("exchange", { url: ask.url }, (check, report) => check(answer, report, setting));
      return answer;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      return noAnswer(ask, network.clock.now());
    }
  }
}

/** Hints that came to nothing are forgotten in time. */
function keepNewest<T>(map: Map<string, T>, key: string, value: T): void {
  for (const old of [...map.keys()].slice(0, -4)) map.delete(old);
  map.set(key, value);
}

/** What stands for an answer that did not come. */
export function noAnswer({ kind, url }: Ask, nowMs: number): Exchange {
  const times = { askedMs: nowMs, headMs: nowMs, firstByteMs: nowMs, endMs: nowMs };
  return { kind, url, status: 0, headers: new Headers(), bytes: new Uint8Array(0), ...times };
}

const isOk = ({ status }: Exchange): boolean => status === 200 || status === 206;

function keyOf({ url }: MediaPlaylist, resource: ListedResource): string {
  const range = rangeHeader(resource);
  return resolveUri(resource.uri, url) + (range === undefined ? "" : `@${range}`);
}

function attempt<T>(run: () => T): { value?: T; failure?: string } {
  try {
    return { value: run() };
  } catch (thrown) {
    return { failure: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function read(bytes: Bytes, init: InitSegment): { media: MediaPart | undefined; unreadable?: string } {
  const { value, failure } = attempt(() => parsePart(bytes, init));
  return failure === undefined ? { media: value } : { media: undefined, unreadable: failure };
}

function endOf(whole: MediaPart | undefined, parts: readonly PartMedia[]): number | undefined {
  const last = whole ?? parts.at(-1)?.media;
  return last && last.startMs + last.durationMs;
}
