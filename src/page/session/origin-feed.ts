import type { FollowEvent, FollowedPart, HintedPart, MediaRef } from "../../follow/follow-events.ts";
import { refId } from "../../follow/follow-events.ts";
import type { Follower } from "../../follow/follow-origin.ts";
import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import type { DateRangeOptions } from "../../model/date-range.ts";
import { RelayError } from "../../model/errors.ts";
import type { MediaKey } from "../../model/media-key.ts";
import {
  type Digest,
  type PartHeader,
  type PartKey,
  PIECE_SIZE_BYTES,
  partNumber,
  type SignedHeader,
  type StreamCard,
} from "../../model/part-header.ts";
import { HeaderSigner } from "../../swarm/proof/header-signer.ts";
import { sha256 } from "../../swarm/proof/sha256.ts";
import type { Proof, SwarmPeer } from "../../swarm/swarm-types.ts";
import { originWindow, SHARED_WINDOW_TARGETS } from "./origin-window.ts";
import type { PartFeeder } from "./part-feeder.ts";
import type { SignedHeaders } from "./signed-headers.ts";

/** Parts of one rendition that are fetched at once where nobody else decides. */
const MAX_FETCHES = 3;
/** Parts that wait for their turn; older ones are gaps. */
const MAX_QUEUED = 256;
/** Parts of one rendition that are remembered for whoever is asked to fetch them. */
const MAX_KNOWN = 1024;
/** Init segments that are remembered as fetched. */
const MAX_INITS = 64;
const NO_DIGEST: Digest = new Uint8Array(32);
const NOTHING: Bytes = new Uint8Array(0);

/** The swarm, where there is one. */
export interface SharedBy {
  readonly swarm: Pick<SwarmPeer, "announce" | "provide" | "provideInit" | "fetchFailed">;
  readonly proof: Proof;
  /** Undefined with `integrity: "none"`. */
  readonly headers: SignedHeaders | undefined;
}

export interface OriginFeedOptions {
  readonly follower: Follower;
  readonly clock: Clock;
  readonly card: StreamCard;
  readonly feeder: Pick<PartFeeder, "list" | "part" | "init" | "keys" | "card" | "last" | "forget" | "miss">;
  readonly shared?: SharedBy;
  readonly dateRange: (range: DateRangeOptions) => void;
  /** The origin cannot be heard, or is again. */
  readonly trouble: (error: RelayError | undefined) => void;
}

interface Lane {
  readonly rendition: number;
  readonly isShared: boolean;
  /** What the first reading gave, until it is all there. */
  early: FollowEvent[] | undefined;
  /** By number: what whoever fetches must know. */
  readonly known: Map<number, HintedPart | FollowedPart>;
  /** By number: who waits for a hinted part to be listed. */
  readonly listing: Map<number, (part: FollowedPart | undefined) => void>;
  readonly queue: FollowedPart[];
  fetching: number;
  init: Promise<Digest>;
  keys: readonly MediaKey[] | undefined;
  last: PartKey | undefined;
  hasEnded: boolean;
}

/**
 * Makes what an origin lists known to the feeder, and fetches it: by itself where nobody shares it, and else when the swarm asks for it.
 * What is fetched is held against the signed header, or gets one of our own making where nobody signs.
 */
export class OriginFeed {
  readonly #options: OriginFeedOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #inits = new Map<string, Promise<Digest>>();
  readonly #unsigned = new HeaderSigner();
  readonly #closed = new AbortController();
  #bytes = 0;
  #parts = 0;
  #fail: (error: RelayError) => void = () => undefined;

  constructor(options: OriginFeedOptions) {
    this.#options = options;
  }

  /** What was fetched without a swarm to count it. */
  get stats(): { readonly bytes: number; readonly parts: number } {
    return { bytes: this.#bytes, parts: this.#parts };
  }

  /** Resolves at the end of the stream or with `signal`. @throws RelayError where the origin began anew */
  async run(signal: AbortSignal): Promise<void> {
    const { follower } = this.#options;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const close = (): void => this.#closed.abort(signal.reason);
    signal.addEventListener("abort", close, { once: true });
    try {
      const running = follower.run({ event: (rendition, event) => this.#hear(rendition, event) });
      await Promise.race([running, failed]);
    } finally {
      signal.removeEventListener("abort", close);
      this.#closed.abort(new RelayError("closed", "the origin is followed no more"));
    }
  }

  /** The swarm asks: `provide()` or `fetchFailed()` follows. */
  fetch(key: PartKey, signal: AbortSignal): void {
    const { shared } = this.#options;
    if (shared === undefined) return;
    const either = AbortSignal.any([signal, this.#closed.signal]);
    this.#fetchShared(key, shared, either).catch((thrown: unknown) => {
      if (signal.aborted || this.#closed.signal.aborted) return;
      const { code } = RelayError.from(thrown);
      if (code === "media-not-found") this.#options.feeder.miss(key);
      shared.swarm.fetchFailed(key);
    });
  }

  #lane(rendition: number): Lane {
    const known = this.#lanes.get(rendition);
    if (known !== undefined) return known;
    const { presentation } = this.#options.follower;
    const lane: Lane = {
      rendition,
      isShared: this.#options.shared !== undefined && presentation.renditions[rendition]?.shareable === true,
      early: [],
      known: new Map(),
      listing: new Map(),
      queue: [],
      fetching: 0,
      init: Promise.resolve(NO_DIGEST),
      keys: undefined,
      last: undefined,
      hasEnded: false,
    };
    this.#lanes.set(rendition, lane);
    // All of the first playlist is told in one go.
    queueMicrotask(() => this.#start(lane));
    return lane;
  }

  #hear(rendition: number, event: FollowEvent): void {
    const lane = this.#lane(rendition);
    if (lane.early !== undefined) lane.early.push(event);
    else this.#take(lane, event);
  }

  #start(lane: Lane): void {
    const { feeder, card } = this.#options;
    const early = lane.early ?? [];
    lane.early = undefined;
    const last = feeder.last(lane.rendition);
    const { targetDurationMs = 6_000 } = card.options;
    const window = originWindow(early, targetDurationMs, {
      ...(lane.isShared ? { targets: SHARED_WINDOW_TARGETS } : {}),
      last: last?.epoch === card.epoch ? last : undefined,
    });
    if (!window.isJoined) feeder.forget(lane.rendition);
    for (const event of window.events) this.#take(lane, event);
  }

  #take(lane: Lane, event: FollowEvent): void {
    switch (event.kind) {
      case "init":
        this.#takeInit(lane, event.init, event.hinted);
        return;
      case "keys":
        lane.keys = event.keys;
        return;
      case "part":
        if (event.part.hinted) this.#takeHint(lane, event.part);
        else this.#takePart(lane, event.part);
        return;
      case "dropped":
        lane.known.delete(partNumber(event.key));
        this.#settle(lane, event.key, undefined);
        return;
      case "date-range":
        this.#options.dateRange(event.range);
        return;
      case "trouble":
        this.#options.trouble(event.error);
        return;
      case "recovered":
        this.#options.trouble(undefined);
        return;
      case "reset":
        // Numbers come again for other media: all that is known by them is void.
        this.#fail(new RelayError("origin-malformed", "the origin began anew"));
        return;
      case "end":
        lane.hasEnded = true;
        this.#lookForEnd();
        return;
      case "lost":
        return;
    }
  }

  #takeInit(lane: Lane, ref: MediaRef, hinted: boolean): void {
    const id = refId(ref);
    let digest = this.#inits.get(id);
    if (digest === undefined) {
      digest = this.#fetchInit(ref);
      // It is fetched again by the next part that needs it.
      digest.catch(() => this.#inits.delete(id));
      this.#inits.set(id, digest);
      for (const oldest of [...this.#inits.keys()].slice(0, -MAX_INITS)) this.#inits.delete(oldest);
    }
    if (!hinted) lane.init = digest;
  }

  async #fetchInit(ref: MediaRef): Promise<Digest> {
    const { follower, feeder, shared } = this.#options;
    const bytes = await follower.fetchMedia(ref, this.#closed.signal);
    const digest = await sha256(bytes);
    feeder.init(digest, bytes);
    shared?.swarm.provideInit(digest, bytes);
    return digest;
  }

  #takeHint(lane: Lane, part: HintedPart): void {
    this.#remember(lane, part);
    if (lane.isShared) this.#options.shared?.swarm.announce(part.key);
    // Asked for before it is listed, it comes a round trip earlier; the follower keeps it until then.
    else this.#options.follower.fetchMedia(part, this.#closed.signal).catch(() => undefined);
  }

  #takePart(lane: Lane, part: FollowedPart): void {
    const { feeder, shared } = this.#options;
    const { key, init } = part;
    if (init === undefined) lane.init = Promise.resolve(NO_DIGEST);
    else this.#takeInit(lane, init, false);
    this.#remember(lane, part);
    lane.last = key;
    feeder.list(key, part.torn);
    if (lane.keys !== undefined) feeder.keys(key, lane.keys);
    lane.keys = undefined;
    this.#settle(lane, key, part);
    if (!lane.isShared) {
      lane.queue.push(part);
      for (const { key: late } of lane.queue.splice(0, lane.queue.length - MAX_QUEUED)) feeder.miss(late);
      this.#fetchNext(lane);
      return;
    }
    if (!part.gap) {
      shared?.swarm.announce(key);
      return;
    }
    // There is nothing to share but its header.
    this.fetch(key, this.#closed.signal);
  }

  #remember(lane: Lane, part: HintedPart | FollowedPart): void {
    lane.known.set(partNumber(part.key), part);
    if (lane.known.size <= MAX_KNOWN) return;
    for (const oldest of lane.known.keys()) {
      lane.known.delete(oldest);
      break;
    }
  }

  #settle(lane: Lane, key: PartKey, part: FollowedPart | undefined): void {
    const number = partNumber(key);
    lane.listing.get(number)?.(part);
    lane.listing.delete(number);
  }

  /** Without a swarm: in order, a few at a time. */
  #fetchNext(lane: Lane): void {
    while (lane.fetching < MAX_FETCHES) {
      const part = lane.queue.shift();
      if (part === undefined || this.#closed.signal.aborted) return;
      lane.fetching += 1;
      this.#fetchAlone(lane, part)
        .catch(() => {
          if (!this.#closed.signal.aborted) this.#options.feeder.miss(part.key);
        })
        .finally(() => {
          lane.fetching -= 1;
          this.#fetchNext(lane);
        });
    }
  }

  async #fetchAlone(lane: Lane, part: FollowedPart): Promise<void> {
    const { init } = lane;
    const bytes = part.gap ? NOTHING : await this.#options.follower.fetchMedia(part, this.#closed.signal);
    this.#feedAlone(part, await init, bytes);
  }

  /** Straight from the origin, which needs no proof: nobody else gets it from here. */
  #feedAlone(part: FollowedPart, initDigest: Digest, bytes: Bytes): void {
    const { card, feeder } = this.#options;
    const facts = factsOf(part, initDigest);
    const header: PartHeader = {
      ...facts,
      epoch: card.epoch,
      sizeBytes: bytes.byteLength,
      root: NO_DIGEST,
      previous: NO_DIGEST,
    };
    const signed: SignedHeader = { header, encoded: NOTHING, digest: NO_DIGEST, signature: NOTHING, pieces: [] };
    this.#bytes += bytes.byteLength;
    this.#parts += 1;
    feeder.part({ key: part.key, signed, bytes, source: "origin", delayMs: 0 });
  }

  async #fetchShared(key: PartKey, { swarm, proof, headers }: SharedBy, signal: AbortSignal): Promise<void> {
    const lane = this.#lanes.get(key.rendition);
    const known = lane?.known.get(partNumber(key));
    if (lane === undefined || known === undefined) {
      throw new RelayError("media-not-found", `part ${key.msn}.${key.part}: expected one that the origin lists`);
    }
    const init = await this.#initOf(known, lane);
    const media = !known.hinted && known.gap ? NOTHING : this.#options.follower.fetchMedia(known, signal);
    if (headers === undefined) {
      const bytes = await media;
      const part = await this.#listed(lane, known, signal);
      swarm.provide(await this.#unsigned.sign(factsOf(part, init), bytes), bytes, "origin");
      return;
    }
    const header = headers.header(key, signal);
    // Whichever fails first, the other must not go unheard.
    header.catch(() => undefined);
    const bytes = await media;
    let signed: SignedHeader;
    try {
      signed = await header;
      await proof.header(signed);
      await holds(proof, signed, bytes);
    } catch (thrown) {
      // The origin is trusted without a signer; what it says is for this viewer alone then.
      if (!signal.aborted) this.#feedAlone(await this.#listed(lane, known, signal), init, bytes);
      throw thrown;
    }
    swarm.provide(signed, bytes, "origin");
  }

  async #initOf({ init: ref }: HintedPart | FollowedPart, lane: Lane): Promise<Digest> {
    if (ref === undefined) return NO_DIGEST;
    const fetched = this.#inits.get(refId(ref));
    if (fetched !== undefined) return fetched;
    this.#takeInit(lane, ref, true);
    return this.#inits.get(refId(ref)) ?? NO_DIGEST;
  }

  /** What lasts how long, and where it stands, only the listing tells. */
  #listed(lane: Lane, part: HintedPart | FollowedPart, signal: AbortSignal): Promise<FollowedPart> {
    if (!part.hinted) return Promise.resolve(part);
    const number = partNumber(part.key);
    const now = lane.known.get(number);
    if (now !== undefined && !now.hinted) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const gone = (): void => {
        lane.listing.delete(number);
        reject(signal.reason);
      };
      if (signal.aborted) return gone();
      signal.addEventListener("abort", gone, { once: true });
      const before = lane.listing.get(number);
      lane.listing.set(number, (listed) => {
        before?.(listed);
        signal.removeEventListener("abort", gone);
        if (listed !== undefined) resolve(listed);
        else
          reject(
            new RelayError("media-not-found", `part ${part.key.msn}.${part.key.part}: it was hinted, and never listed`),
          );
      });
    });
  }

  #lookForEnd(): void {
    const lanes = [...this.#lanes.values()];
    if (!lanes.every(({ hasEnded }) => hasEnded)) return;
    const { feeder, card } = this.#options;
    feeder.card({ ...card, ended: lanes.flatMap(({ last }) => (last === undefined ? [] : [last])) });
  }
}

function factsOf(
  part: FollowedPart,
  initDigest: Digest,
): Omit<PartHeader, "epoch" | "sizeBytes" | "root" | "previous"> {
  const { key, durationMs, independent, gap, discontinuity, programDateTimeMs, dated } = part;
  return {
    ...key,
    durationMs,
    independent: independent && !gap,
    gap,
    discontinuity,
    // Without dates each viewer has another idea, and all must make the same header.
    programDateTimeMs: dated ? Math.max(0, Math.round(programDateTimeMs)) : 0,
    initDigest,
  };
}

/** @throws RelayError `unproven` where what was fetched is not what was signed */
async function holds(proof: Proof, signed: SignedHeader, bytes: Bytes): Promise<void> {
  if (bytes.byteLength !== signed.header.sizeBytes) {
    throw new RelayError(
      "unproven",
      `expected ${signed.header.sizeBytes} bytes of the origin, got ${bytes.byteLength}`,
    );
  }
  await Promise.all(
    signed.pieces.map((_, index) =>
      proof.piece(signed, index, bytes.subarray(index * PIECE_SIZE_BYTES, (index + 1) * PIECE_SIZE_BYTES)),
    ),
  );
}
