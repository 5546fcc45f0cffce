import type { Bytes } from "../model/bytes.ts";
import { checkNumber } from "../model/checks.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import { RelayError } from "../model/errors.ts";
import { onAbort, untilAborted } from "../model/on-abort.ts";
import { MAX_SHARED_MSN } from "../model/part-header.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import type { Credentials, Fetch, Network } from "../reader/exchange.ts";
import { allSegments, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";
import { isMultivariant, parseMultivariant } from "../reader/multivariant-playlist.ts";
import { backoffMs } from "./backoff.ts";
import type { FollowEvent, FollowedPart, FollowListener, HintedPart, MediaRef } from "./follow-events.ts";
import { MediaFetcher } from "./media-fetcher.ts";
import { askOrigin, whatCame } from "./origin-answer.ts";
import { type FollowStart, listsParts } from "./part-feed.ts";
import {
  containerOf,
  describeRenditions,
  type FollowedRendition,
  type Presentation,
  publishable,
  streamOptions,
} from "./presentation.ts";
import { DEFAULT_TARGET_MS } from "./reload-plan.ts";
import { MAX_PLAYLIST_BYTES, RenditionFollower } from "./rendition-follower.ts";

export interface FollowOptions {
  /** Of a Multivariant Playlist, or of a Media Playlist. */
  readonly url: string;
  /** Default: the host's. */
  readonly fetch?: Fetch;
  /** Default: the host's. */
  readonly clock?: Clock;
  /** 0 inclusive to 1 exclusive. Default `Math.random`. */
  readonly random?: () => number;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Of every request. Default `omit`: what is fetched with them must not be shared unless the site says so. */
  readonly credentials?: Credentials;
  /** Sent with every request, such as a token. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ids of those that are followed, or what chooses some of those that there are. Default: all. */
  readonly renditions?: readonly string[] | ((there: readonly RenditionOptions[]) => readonly string[]);
  /** Default `edge`; what has ended is followed from its start. */
  readonly start?: FollowStart;
  /** How long the first playlists may take, tries included. Default 30,000. */
  readonly openDeadlineMs?: number;
  /** Most bytes of one part or segment. Default 64 MiB. */
  readonly maxMediaBytes?: number;
}

const DEFAULT_OPEN_MS = 30_000;
/** One that answers is not kept waiting longer for the others. */
const OTHERS_MS = 3_000;
const FIRST_TRY_MS = 15_000;
const DEFAULT_MEDIA_BYTES = 64 * 1024 * 1024;
/** An origin may hold a hinted part for three target durations (6.2.6), and media must not be given up before. */
const MEDIA_TARGETS = 3;
const MEDIA_SLACK_MS = 5_000;

/** An origin whose presentation is known. */
export interface Follower {
  readonly presentation: Presentation;
  /**
   * Tells of all that is published from now on, and of what stands before it as `start` says. Resolves when all has ended, or with the
   * signal, or `close()`. Once.
   */
  run(listener: FollowListener): Promise<void>;
  /**
   * Media of a part, or an init segment: from whoever asked first, where several ask for the same. The bytes must not be changed.
   * @throws RelayError `media-not-found`, `origin-unreachable`, `origin-malformed`; the signal's reason
   */
  fetchMedia(media: HintedPart | FollowedPart | MediaRef, signal: AbortSignal): Promise<Bytes>;
  /** Ends everything, requests too. */
  close(): void;
}

/**
 * Follows a presentation that some origin serves as HLS, as its players do: LL-HLS by blocking reloads and deltas, part by part and
 * ahead of them by hints; plain HLS by polling, segment by segment. It tells what there is; who fetches the media is for the caller to say.
 * @throws RelayError `origin-unreachable`, `origin-malformed` where nothing can be followed within `openDeadlineMs`; `invalid-option`
 * @example
 * const follower = await followOrigin({ url: "https://example.org/live/main.m3u8" });
 * const publisher = await relay.publish("live", follower.presentation.stream);
 * await follower.run({ event: (rendition, event) => console.log(rendition, event.kind) });
 * @see draft-pantos-hls-rfc8216bis-22, sections 6.2.5, 6.3.4 and 6.3.7
 */
export async function followOrigin(options: FollowOptions): Promise<Follower> {
  const follower = new OriginFollower(options);
  try {
    await follower.open();
    return follower;
  } catch (thrown) {
    follower.close();
    throw options.signal?.aborted ? options.signal.reason : thrown;
  }
}

class OriginFollower implements Follower {
  readonly #options: FollowOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #network: Network;
  readonly #aborter = new AbortController();
  #followers: readonly { readonly index: number; readonly follower: RenditionFollower }[] = [];
  #presentation: Presentation | undefined;
  #media: MediaFetcher | undefined;
  #listener: FollowListener | undefined;
  /** Of an origin without dates: the first playlist's, which the others go by. */
  #undated: { readonly msn: number; readonly startMs: number } | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
    const { fetch = (url, init) => globalThis.fetch(url, init), headers = {}, credentials = "omit", signal } = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#network = { fetch, clock: this.#clock, headers, credentials, cache: "default" };
    if (signal?.aborted) this.#aborter.abort(signal.reason);
    else if (signal !== undefined) {
      const forget = onAbort(signal, () => this.#aborter.abort(signal.reason));
      onAbort(this.#aborter.signal, forget);
    }
  }

  get presentation(): Presentation {
    if (this.#presentation === undefined) throw new RelayError("internal", "the presentation is not known yet");
    return this.#presentation;
  }

  async open(): Promise<void> {
    const { url, openDeadlineMs = DEFAULT_OPEN_MS, maxMediaBytes = DEFAULT_MEDIA_BYTES } = this.#options;
    checkNumber("openDeadlineMs", openDeadlineMs, 1, Number.MAX_SAFE_INTEGER);
    if (!URL.canParse(url))
      throw new RelayError("invalid-option", `url: expected an absolute URL, got ${url.slice(0, 200)}`);
    const untilMs = this.#clock.now() + openDeadlineMs;
    const { text, location } = await this.#firstPlaylist(untilMs);
    const listed = isMultivariant(text)
      ? parseMultivariant(text, location)
      : [{ id: "main", url, kind: "variant" as const, attributes: new Map<string, string>() }];
    const described = describeRenditions(listed, location).map((one, index) => ({ ...one, index }));
    const wanted = this.#wanted(described.map(({ options }) => options));
    const independentSegments = /^#EXT-X-INDEPENDENT-SEGMENTS/m.test(text);
    this.#followers = described
      .filter(({ options }) => wanted.has(options.id))
      .map(({ index, url: playlistUrl }) => ({
        index,
        follower: this.#follower(index, playlistUrl, independentSegments),
      }));
    const playlists = await this.#firstPlaylists(untilMs);
    const containers = new Map(
      this.#followers.flatMap(({ index, follower: { playlist } }) =>
        playlist === undefined ? [] : [[index, containerOf(described[index]?.options.kind, playlist)] as const],
      ),
    );
    const isNumbered = playlists.every(({ mediaSequence }) => mediaSequence <= MAX_SHARED_MSN);
    const renditions = publishable(described, containers).map((one, index): FollowedRendition => {
      const followed = this.#followers.some((follower) => follower.index === index);
      return { ...one, followed, shareable: one.shareable && isNumbered, container: containers.get(index) };
    });
    const followed = renditions.filter((one) => one.followed).map((one) => one.options);
    this.#presentation = {
      url,
      renditions,
      stream: streamOptions(followed, playlists),
      isLowLatency: playlists.some(listsParts),
    };
    const targetMs = Math.max(...playlists.map(({ targetDurationMs }) => targetDurationMs ?? DEFAULT_TARGET_MS));
    this.#media = new MediaFetcher({
      network: this.#network,
      clock: this.#clock,
      random: this.#random,
      maxBytes: maxMediaBytes,
      deadlineMs: MEDIA_TARGETS * targetMs + MEDIA_SLACK_MS,
    });
  }

  async run(listener: FollowListener): Promise<void> {
    if (this.#listener !== undefined) throw new RelayError("internal", "expected run() once");
    this.#listener = listener;
    await Promise.all(
      this.#followers.map(({ follower }) =>
        follower.run().catch((thrown: unknown) => {
          if (!this.#aborter.signal.aborted) throw thrown;
        }),
      ),
    );
  }

  async fetchMedia(media: HintedPart | FollowedPart | MediaRef, signal: AbortSignal): Promise<Bytes> {
    if (this.#media === undefined || this.#aborter.signal.aborted)
      throw new RelayError("closed", "the follower was closed");
    const either = AbortSignal.any([signal, this.#aborter.signal]);
    return "key" in media
      ? this.#media.fetch(media.ref, media.hinted, either)
      : this.#media.fetch(media, false, either);
  }

  close(): void {
    this.#aborter.abort(new RelayError("closed", "the follower was closed"));
  }

  #follower(index: number, url: string, independentSegments: boolean): RenditionFollower {
    const { start = "edge" } = this.#options;
    return new RenditionFollower({
      rendition: index,
      url,
      start,
      independentSegments,
      network: this.#network,
      clock: this.#clock,
      random: this.#random,
      signal: this.#aborter.signal,
      undatedMs: (playlist) => this.#undatedMs(playlist),
      emit: (event) => this.#emit(index, event),
    });
  }

  #emit(index: number, event: FollowEvent): void {
    if (event.kind === "part" && !event.part.hinted) this.#media?.listed(event.part.ref);
    if (!this.#aborter.signal.aborted) this.#listener?.event(index, event);
  }

  /** The first that comes ends now; the others stand where the same numbers do. */
  #undatedMs(playlist: MediaPlaylist): number {
    const segments = allSegments(playlist);
    const lastsMs = segments.reduce((sum, segment) => sum + segmentMs(segment), 0);
    const first = segments[0]?.msn ?? playlist.mediaSequence;
    const known = this.#undated;
    if (known === undefined) {
      const startMs = this.#clock.wallMs() - lastsMs;
      this.#undated = { msn: first, startMs };
      return startMs;
    }
    const at = segments.findIndex(({ msn }) => msn === known.msn);
    if (at < 0) return this.#clock.wallMs() - lastsMs;
    return known.startMs - segments.slice(0, at).reduce((sum, segment) => sum + segmentMs(segment), 0);
  }

  #wanted(there: readonly RenditionOptions[]): ReadonlySet<string> {
    const ids = there.map(({ id }) => id);
    const { renditions = ids } = this.#options;
    const wanted = typeof renditions === "function" ? renditions(there) : renditions;
    for (const id of wanted) {
      if (!ids.includes(id))
        throw new RelayError("invalid-option", `renditions: expected some of ${ids.join(", ")}, got ${id}`);
    }
    return new Set(wanted);
  }

  async #firstPlaylist(untilMs: number): Promise<{ readonly text: string; readonly location: string }> {
    const { url } = this.#options;
    return this.#until(untilMs, async (deadlineMs, signal) => {
      const answer = await askOrigin(this.#network, {
        kind: "multivariant",
        url,
        signal,
        deadlineMs,
        maxBytes: MAX_PLAYLIST_BYTES,
      });
      if (!answer.ok) throw answer.error;
      const text = new TextDecoder().decode(answer.bytes);
      if (/^\uFEFF?#EXTM3U/.test(text)) return { text, location: answer.location };
      throw new RelayError("origin-malformed", `${url}: expected a playlist, got ${whatCame(answer.headers, text)}`);
    });
  }

  /** Of all that are followed, or of those that came soon after the first. */
  async #firstPlaylists(untilMs: number): Promise<readonly MediaPlaylist[]> {
    const some = new AbortController();
    const forget = onAbort(this.#aborter.signal, () => some.abort(this.#aborter.signal.reason));
    let cancelTimer = (): void => undefined;
    const opened = this.#followers.map(async ({ follower }) => {
      await this.#until(untilMs, (deadlineMs) => follower.open(deadlineMs), some.signal);
      cancelTimer();
      cancelTimer = this.#clock.after(OTHERS_MS, () => some.abort());
    });
    const outcomes = await Promise.allSettled(opened.map((one) => untilAborted(one, some.signal)));
    cancelTimer();
    forget();
    if (this.#aborter.signal.aborted) throw this.#aborter.signal.reason;
    const playlists = this.#followers.flatMap(({ follower }) => follower.playlist ?? []);
    if (playlists.length > 0) return playlists;
    const [failed] = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    throw RelayError.from(failed);
  }

  /** Tries until it is there, or the time is up: then the last failure is thrown. */
  async #until<T>(
    untilMs: number,
    open: (deadlineMs: number, signal: AbortSignal) => Promise<T>,
    signal = this.#aborter.signal,
  ): Promise<T> {
    for (let failures = 1; ; failures++) {
      const leftMs = untilMs - this.#clock.now();
      try {
        return await open(Math.max(1, Math.min(leftMs, FIRST_TRY_MS)), signal);
      } catch (thrown) {
        const waitMs = backoffMs(failures, this.#random);
        if (signal.aborted || this.#clock.now() + waitMs >= untilMs) throw thrown;
        await delay(this.#clock, waitMs, signal);
      }
    }
  }
}
