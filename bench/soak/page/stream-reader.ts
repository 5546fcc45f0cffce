import { annotatePlaylist } from "eddy-hls/core";
import type { ListedSegment, MediaPlaylist } from "../../../src/reader/media-playlist.ts";
import { parseMediaPlaylist } from "../../../src/reader/playlist-reader.ts";
import { type SyntheticMedia, synthesize } from "../../../src/testing/media/synthetic-media.ts";
import type { SoakStream } from "../plan.ts";
import { numbersIn } from "./segment-numbers.ts";

export interface StreamReaderOptions {
  readonly stream: SoakStream;
  /** Segments up to these have been read before this tab was opened anew, by rendition. */
  readonly readBefore: Readonly<Record<string, number>>;
  /** When the tab before this one was last heard of, on the wall clock. */
  readonly heardMs: number;
}

/** A segment that was read whole. */
export interface ReadSegment {
  readonly rendition: string;
  readonly msn: number;
  /** Numbers of its parts, each of them right to the byte. */
  readonly numbers: readonly number[];
}

/** Segments that this reader came too late for. */
export interface Missed {
  readonly rendition: string;
  readonly fromMsn: number;
  readonly toMsn: number;
  /** Since it last had the playlist. */
  readonly awayMs: number;
}

const ANSWER_DEADLINE_MS = 20_000;
const RETRY_MS = 500;
const ENDED_MS = 1_000;
/** Half a target duration (6.3.4). */
const UNCHANGED_MS = 1_000;
/** A listed resource may fail while the worker is killed; not again and again. */
const MAX_TRIES = 6;
const MAX_FAULTS = 200;
/** 41: who asks for whole segments does not see every playlist, and not the hint that stood in one of them. */
const UNSEEN_RULES: ReadonlySet<number> = new Set([41]);

/** Reads all of a stream as players do, and holds every byte and every playlist against what they must be. */
export class StreamReader {
  readonly #stream: SoakStream;
  readonly #aborter = new AbortController();
  #read: ReadSegment[] = [];
  #missed: Missed[] = [];
  #faults: string[] = [];
  #playlists = 0;
  #bytes = 0;
  readonly #ended = new Set<string>();

  constructor({ stream, readBefore, heardMs }: StreamReaderOptions) {
    this.#stream = stream;
    void synthesize(stream.media).then((media) => {
      for (const { id } of media.renditions)
        void this.#follow(media, id, { lastMsn: readBefore[id] ?? 0, lastAtMs: heardMs });
    });
  }

  stop(): void {
    this.#aborter.abort();
  }

  /** What has come since the last time. */
  take() {
    const taken = {
      read: this.#read,
      missed: this.#missed,
      faults: this.#faults,
      playlists: this.#playlists,
      bytes: this.#bytes,
      ended: [...this.#ended],
    };
    this.#read = [];
    this.#missed = [];
    this.#faults = [];
    return taken;
  }

  async #follow(media: SyntheticMedia, id: string, from: Pick<Follower, "lastMsn" | "lastAtMs">): Promise<void> {
    const follower: Follower = { id, media, before: undefined, ...from };
    const url = new URL(`/live/${this.#stream.name}/${id}/media.m3u8`, location.href).href;
    while (!this.#aborter.signal.aborted) {
      const query = follower.lastMsn > 0 ? `?_HLS_msn=${follower.lastMsn + 1}` : "";
      const { before } = follower;
      const text = await this.#text(url + query);
      if (text === undefined) {
        await wait(RETRY_MS);
        continue;
      }
      try {
        await this.#take(follower, parseMediaPlaylist(text, url));
      } catch (error) {
        this.#fault(`${this.#stream.name}/${id}: ${String(error)}`);
      }
      if (this.#ended.has(id)) await wait(ENDED_MS);
      // As players do, who would otherwise keep a worker from ever ending that answers them with nothing new.
      else if (follower.before === before) await wait(UNCHANGED_MS);
    }
  }

  async #take(follower: Follower, playlist: MediaPlaylist): Promise<void> {
    const { id } = follower;
    this.#playlists += 1;
    this.#judge(follower, playlist);
    if (playlist.ended) this.#ended.add(id);
    else this.#ended.delete(id);
    const first = playlist.segments[0]?.msn ?? playlist.mediaSequence;
    if (follower.lastMsn > 0 && first > follower.lastMsn + 1) {
      const awayMs = Date.now() - follower.lastAtMs;
      this.#missed.push({ rendition: id, fromMsn: follower.lastMsn + 1, toMsn: first - 1, awayMs });
      follower.lastMsn = first - 1;
    }
    follower.lastAtMs = Date.now();
    for (const segment of playlist.segments) {
      if (segment.msn <= follower.lastMsn) continue;
      if (this.#aborter.signal.aborted) return;
      const numbers = await this.#segment(follower, playlist, segment);
      if (numbers === undefined) return; // asked for again with the next playlist, unless it is gone by then
      this.#read.push({ rendition: id, msn: segment.msn, numbers });
      follower.lastMsn = segment.msn;
    }
  }

  /** What a MUST of the rules says against the text, by itself and after the one before. */
  #judge(follower: Follower, playlist: MediaPlaylist): void {
    const { text, url, ended } = playlist;
    const before = follower.before === undefined ? {} : { before: follower.before };
    for (const { findings, text: line } of annotatePlaylist(text, { url, ...before })) {
      for (const { rule, level, message } of findings) {
        if (level === "MUST" && !UNSEEN_RULES.has(rule))
          this.#fault(`${this.#stream.name}/${follower.id}: rule ${rule}: ${message} (${line})`);
      }
    }
    // What comes after the end is another list, under the same name.
    follower.before = ended ? undefined : text;
  }

  /** Numbers of the parts of a segment; undefined where they could not be had. */
  async #segment(follower: Follower, playlist: MediaPlaylist, segment: ListedSegment): Promise<number[] | undefined> {
    const { id, media } = follower;
    if (segment.gap) return [];
    const where = `${this.#stream.name}/${id} segment ${segment.msn}`;
    if (segment.map !== undefined && segment.map.uri !== follower.init) {
      const init = await this.#bytesOf(where, new URL(segment.map.uri, playlist.url).href);
      if (init === undefined) return undefined;
      if (!isSame(init, media.init(id))) this.#fault(`${where}: its init segment is another`);
      follower.init = segment.map.uri;
    }
    // Both ways to have its media, in turn.
    const asParts = segment.parts.length > 0 && segment.msn % 2 === 0;
    const wanted = asParts ? segment.parts.filter(({ gap }) => !gap) : [segment.resource];
    const pieces: Uint8Array[] = [];
    for (const resource of wanted) {
      if (resource === undefined || resource === null) continue;
      const bytes = await this.#bytesOf(where, new URL(resource.uri, playlist.url).href, resource.range);
      if (bytes === undefined) return undefined;
      pieces.push(bytes);
    }
    const { numbers, problem } = numbersIn(pieces, { id, media, partTargetMs: this.#stream.partTargetMs });
    if (problem !== undefined) this.#fault(`${where}: ${problem}`);
    for (let at = 1; at < numbers.length; at++) {
      if ((numbers[at] ?? 0) <= (numbers[at - 1] ?? 0))
        this.#fault(`${where}: part ${numbers[at]} stands behind ${numbers[at - 1]}`);
    }
    return numbers;
  }

  /** A listed resource. Where it cannot be had although it is asked for again and again, that is a fault. */
  async #bytesOf(where: string, url: string, range?: ListedRange): Promise<Uint8Array | undefined> {
    let status = 0;
    for (let tries = 0; tries < MAX_TRIES && !this.#aborter.signal.aborted; tries++) {
      if (tries > 0) await wait(RETRY_MS * tries);
      const headers =
        range === undefined ? {} : { range: `bytes=${range.offsetBytes}-${range.offsetBytes + range.lengthBytes - 1}` };
      const response = await this.#fetch(url, headers);
      status = response?.status ?? 0;
      if (response === undefined || !response.ok) continue;
      const bytes = await response.arrayBuffer().catch(() => undefined);
      if (bytes === undefined) continue;
      this.#bytes += bytes.byteLength;
      return new Uint8Array(bytes);
    }
    if (!this.#aborter.signal.aborted) this.#fault(`${where}: ${url} is listed, and answers ${status || "nothing"}`);
    return undefined;
  }

  async #text(url: string): Promise<string | undefined> {
    const response = await this.#fetch(url);
    if (response !== undefined && response.status >= 500 && response.status !== 503) {
      this.#fault(`${url} answers ${response.status}`);
    }
    return response?.ok === true ? response.text().catch(() => undefined) : undefined;
  }

  /** Undefined where nothing came: a worker that is killed answers nobody. */
  #fetch(url: string, headers: Record<string, string> = {}): Promise<Response | undefined> {
    const signal = AbortSignal.any([this.#aborter.signal, AbortSignal.timeout(ANSWER_DEADLINE_MS)]);
    return fetch(url, { headers, signal, cache: "no-store" }).catch(() => undefined);
  }

  #fault(text: string): void {
    if (this.#faults.length < MAX_FAULTS && !this.#aborter.signal.aborted) this.#faults.push(text);
  }
}

interface Follower {
  readonly id: string;
  readonly media: SyntheticMedia;
  lastMsn: number;
  /** When it last had the playlist, on the wall clock. */
  lastAtMs: number;
  before: string | undefined;
  init?: string;
}

type ListedRange = NonNullable<ListedSegment["resource"]>["range"];

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at]);
}
