import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import { type MediaPart, parsePart } from "../media/media-part.ts";
import type { Bytes } from "../model/bytes.ts";
import { type Exchange, type ResourceKey, resourceKey } from "../reader/exchange.ts";
import {
  allSegments,
  type LineNumber,
  type ListedPart,
  type ListedResource,
  type ListedSegment,
  type MediaPlaylist,
} from "../reader/media-playlist.ts";
import type { Asker } from "./asker.ts";
import type { Checker } from "./checker.ts";
import { HintWatch } from "./hint-watch.ts";
import { RemovedWatch } from "./removed-watch.ts";
import type { PartMedia } from "./rule.ts";

/** Of the first playlist only these are fetched: the rest may be long. */
const FIRST_SEGMENTS = 3;
/** Requests for media at once, but for hinted parts. */
const MAX_AT_ONCE = 6;
/** Segments that wait to be looked at; beyond, they are passed over. */
const MAX_PENDING = 16;
/** Parts that wait for their segment to close. */
const MAX_PARTS = 512;
const MAX_INITS = 32;
/** A segment that lasts so much longer than its samples misses some. */
const MISSING_MS = 15;

interface Track {
  readonly signature: string;
  readonly endMs: number | undefined;
}

/** Fetches what a rendition lists and hints, and holds the media against the playlist. */
export class MediaWatch {
  readonly #asker: Asker;
  readonly #checker: Checker;
  readonly #hints: HintWatch;
  readonly #removed: RemovedWatch;
  readonly #inits = new Map<string, Promise<InitSegment | undefined>>();
  readonly #parts = new Map<string, Promise<Exchange>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #trickled = 0;
  /** First segment that is looked at, and the next to be. */
  #fromMsn: number | undefined;
  #nextMsn = 0;
  #pending = 0;
  #queue: Promise<void> = Promise.resolve();
  #track: Track | undefined;
  #lastFetched: Exchange | undefined;

  constructor(asker: Asker, checker: Checker) {
    this.#asker = asker;
    this.#checker = checker;
    this.#hints = new HintWatch(asker, checker);
    this.#removed = new RemovedWatch(asker, checker);
  }

  /** A segment that was fetched whole and has media. */
  get lastFetched(): Exchange | undefined {
    return this.#lastFetched;
  }

  /** Looks at what is new in a full playlist; `seenMs`: when the one before was asked for. */
  take(playlist: MediaPlaylist, before: MediaPlaylist | undefined, seenMs: number): void {
    if (this.#fromMsn === undefined) {
      this.#fromMsn = playlist.segments.at(-FIRST_SEGMENTS)?.msn ?? playlist.mediaSequence;
      this.#nextMsn = this.#fromMsn;
    }
    for (const segment of allSegments(playlist)) {
      if (segment.msn < this.#nextMsn) continue;
      for (const part of segment.parts) this.#fetchPart(playlist, part);
      if (segment.resource === undefined) continue;
      this.#nextMsn = segment.msn + 1;
      this.#lookAt(playlist, segment, segment.resource);
    }
    this.#hints.take(playlist, before);
    this.#removed.take(playlist, before, { fromMsn: this.#fromMsn, seenMs });
  }

  /** Resolves when everything that was fetched has been looked at. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  #fetchPart(playlist: MediaPlaylist, part: ListedPart): void {
    const key = resourceKey(playlist, part);
    if (this.#parts.has(key.id)) return;
    const early = this.#hints.claim(key.id);
    const answer = early ?? this.#fetch("part", playlist, key);
    // An origin may take parts away before their segment closes.
    const [oldest] = this.#parts.keys();
    if (oldest !== undefined && this.#parts.size >= MAX_PARTS) this.#parts.delete(oldest);
    this.#parts.set(key.id, answer);
    const subject = { url: playlist.url, playlist };
    answer.then(
      (done) => {
        // Before it was listed, 404 was a lawful answer.
        if (early === undefined || part.gap) this.#listed("part", part, done, playlist);
        else {
          const partTargetMs = playlist.partTargetMs ?? 1_000;
          const patienceMs = 2 * (playlist.targetDurationMs ?? 6_000);
          const stalledMs = this.#asker.lag.sinceMs(done.firstByteMs);
          if (done.endMs - done.firstByteMs - stalledMs > partTargetMs / 3 + 100) this.#trickled += 1;
          this.#checker.run("hinted", subject, (check, report) =>
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
    this.#checker.run("listed", { url: answer.url, playlist }, (check, report) =>
      check({ what, gap, line, exchange: answer }, report),
    );
  }

  #lookAt(playlist: MediaPlaylist, segment: ListedSegment, resource: ListedResource): void {
    const { gap, lastLine, map } = segment;
    const keys = segment.parts.map((part) => resourceKey(playlist, part).id);
    const answers = keys.map((key) => this.#parts.get(key));
    // Its parts are not looked for again: only segments from the next on are.
    for (const key of keys) this.#parts.delete(key);
    if (this.#pending >= MAX_PENDING) {
      // In its turn: those before it are still to be looked at.
      this.#queue = this.#queue.then(() => {
        this.#track = undefined;
      });
      return;
    }
    this.#pending += 1;
    const whole = this.#fetch("segment", playlist, resourceKey(playlist, resource));
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
        if (!this.#asker.signal.aborted) throw thrown;
      })
      .finally(() => {
        this.#pending -= 1;
      });
  }

  #init(playlist: MediaPlaylist, map: ListedResource): Promise<InitSegment | undefined> {
    const key = resourceKey(playlist, map);
    const known = this.#inits.get(key.id);
    if (known !== undefined) return known;
    const [oldest] = this.#inits.keys();
    if (oldest !== undefined && this.#inits.size >= MAX_INITS) this.#inits.delete(oldest);
    const read = this.#fetch("init", playlist, key).then((answer) => {
      this.#listed("init", {}, answer, playlist);
      return attempt(() => parseInitSegment(answer.bytes)).value;
    });
    this.#inits.set(key.id, read);
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
    // Segments that are encrypted whole are no boxes to us, and other formats are not fragmented MP4.
    const readable = init !== undefined && !segment.keys.some((key) => /(?:^|,)METHOD=AES-(128|256)/.test(key));
    const wholeOk = isOk(whole) && !segment.gap;
    if (wholeOk) {
      this.#lastFetched = whole;
      await this.#hints.checkOpenRange(whole);
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
    const hasGap = segment.gap || segment.parts.some((part) => part.gap) || hidesGap(playlist, segment, ofWhole.media);
    const startsWithGap = segment.parts.length > 0 ? segment.parts[0]?.gap === true : hasGap;
    this.#checker.run("media", { url: whole.url }, (check, report) =>
      check(
        {
          segment,
          partTargetMs: playlist.partTargetMs,
          hasVideo: init?.primary.kind === "video",
          parts: complete,
          bytes: wholeOk ? whole.bytes : undefined,
          ...ofWhole,
          expectedStartMs: startsWithGap ? undefined : former?.endMs,
          tracksChanged: former !== undefined && former.signature !== signature,
        },
        report,
      ),
    );
    this.#track = { signature, endMs: hasGap ? undefined : endOf(ofWhole.media, complete) };
  }

  async #fetch(kind: "part" | "segment" | "init", playlist: MediaPlaylist, key: ResourceKey): Promise<Exchange> {
    const { url, range } = key;
    const deadlineMs = 2 * (playlist.targetDurationMs ?? 6_000) + 10_000;
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      return await this.#asker.ask({ kind, url, ...(range === undefined ? {} : { range }), deadlineMs });
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}

const isOk = ({ status }: Exchange): boolean => status === 200 || status === 206;

/** Where its parts are not listed any more, media that is missing shows in what the segment lasts alone. */
function hidesGap(playlist: MediaPlaylist, segment: ListedSegment, whole: MediaPart | undefined): boolean {
  const { parts, durationMs } = segment;
  if (playlist.partTargetMs === undefined || parts.length > 0 || whole === undefined) return false;
  return (durationMs ?? 0) - whole.durationMs > MISSING_MS;
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
