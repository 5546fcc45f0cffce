import type { FollowEvent, FollowedPart, MediaRef } from "../follow/follow-events.ts";
import { refId } from "../follow/follow-events.ts";
import type { Follower } from "../follow/follow-origin.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { type Digest, type PartKey, partNumber } from "../model/part-header.ts";
import { HeaderSigner } from "../swarm/proof/header-signer.ts";
import type { KeyPair } from "../swarm/proof/key-pair.ts";
import { sha256 } from "../swarm/proof/sha256.ts";
import { signCard } from "../swarm/proof/sign-card.ts";
import { encodeSignedHeader } from "../wire/part-header-codec.ts";
import { HeaderShelf } from "./header-shelf.ts";

export interface OriginSignerOptions {
  readonly name: string;
  readonly follower: Follower;
  readonly keys: KeyPair;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What a person who runs it wants to hear. */
  readonly tell: (text: string) => void;
}

const NO_DIGEST: Digest = new Uint8Array(32);
const NOTHING: Bytes = new Uint8Array(0);
/** Init segments whose digests are remembered. */
const MAX_INITS = 64;
/** Parts that may wait for their turn to be signed; where an origin lists more at once, or is slower than its own stream, the oldest are given up. */
const MAX_QUEUED = 256;
/** Parts of one rendition that are fetched at once: a playlist may list hundreds at a time, and a follower has no more than 64 requests. */
const MAX_FETCHES = 3;
/** A request for a header waits as long as one for the part itself may (6.2.5.2). */
const WAIT_TARGETS = 3;

/** A part that waits to be signed. */
interface Turn {
  isGivenUp: boolean;
}

interface Lane {
  /** Parts are signed in their order, whenever they come. */
  queue: Promise<void>;
  /** Those that wait, in their order. */
  turns: Turn[];
  /** The last ones that were fetched, or wait for that. */
  fetches: readonly Promise<unknown>[];
  isTorn: boolean;
  last: PartKey | undefined;
  hasEnded: boolean;
}

/**
 * Fetches every part of an origin once, and signs its header. Each time the origin begins anew, numbers may come again, so that is another
 * epoch.
 */
export class OriginSigner {
  readonly #options: OriginSignerOptions;
  readonly #lanes: readonly Lane[];
  readonly #inits = new Map<string, Promise<Digest>>();
  #epoch: string;
  #signer: HeaderSigner;
  #shelf: HeaderShelf;
  #revision = 0;
  #card: Promise<Bytes>;
  #signed = 0;

  constructor(options: OriginSignerOptions) {
    this.#options = options;
    this.#lanes = options.follower.presentation.renditions.map(() => ({
      queue: Promise.resolve(),
      turns: [],
      fetches: [],
      isTorn: false,
      last: undefined,
      hasEnded: false,
    }));
    this.#epoch = epochOf(options.clock.wallMs());
    this.#signer = this.#newSigner();
    this.#shelf = this.#newShelf();
    this.#card = this.#newCard();
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** The stream's card as it is now, encoded and signed. Rejects with a RelayError where the stream fits into none. */
  get card(): Promise<Bytes> {
    return this.#card;
  }

  get signed(): number {
    return this.#signed;
  }

  get waiting(): number {
    return this.#shelf.waiting;
  }

  /** The encoded header of a part, as `HeaderShelf.get()` has it. */
  header(key: PartKey, signal: AbortSignal): Promise<Bytes | undefined> {
    return this.#isSigned(key.rendition) ? this.#shelf.get(key, signal) : Promise.resolve(undefined);
  }

  /** Follows the origin. Resolves when all that it published is signed, or with the signal. */
  async run(): Promise<void> {
    await this.#options.follower.run({ event: (rendition, event) => this.#event(rendition, event) });
    await Promise.all(this.#lanes.map(({ queue }) => queue));
  }

  #isSigned(rendition: number): boolean {
    return this.#options.follower.presentation.renditions[rendition]?.shareable === true;
  }

  #event(rendition: number, event: FollowEvent): void {
    const lane = this.#lanes[rendition];
    if (lane === undefined) return;
    const { tell } = this.#options;
    switch (event.kind) {
      case "init":
        if (this.#isSigned(rendition)) this.#digestOf(event.init).catch(() => undefined);
        return;
      case "part":
        if (!this.#isSigned(rendition)) return;
        if (!event.part.hinted) this.#take(event.part, lane);
        // It comes with the answer to this, and is at hand when it is listed.
        else this.#fetch(event.part).catch(() => undefined);
        return;
      case "lost":
        tell(
          `rendition ${rendition}: lost from ${event.from.msn}.${event.from.part} to ${event.to.msn}.${event.to.part}`,
        );
        return;
      case "reset":
        this.#begin(rendition);
        return;
      case "trouble":
        if (event.failures === 1) tell(`rendition ${rendition}: ${event.error.code}: ${event.error.message}`);
        return;
      case "recovered":
        tell(`rendition ${rendition}: the origin is heard again`);
        return;
      case "end":
        this.#later(lane, async () => this.#end(rendition, lane));
        return;
      default:
        return;
    }
  }

  /** The origin began anew. */
  #begin(rendition: number): void {
    const { tell, clock } = this.#options;
    const before = this.#epoch;
    this.#epoch = epochOf(clock.wallMs(), before);
    tell(`rendition ${rendition}: the origin began anew: epoch ${this.#epoch}`);
    this.#shelf.close();
    for (const lane of this.#lanes) lane.last = undefined;
    this.#signer = this.#newSigner();
    this.#shelf = this.#newShelf();
    this.#card = this.#newCard();
  }

  #take(part: FollowedPart, lane: Lane): void {
    const { key } = part;
    const turn: Turn = { isGivenUp: false };
    lane.turns.push(turn);
    // Viewers are at the end of what is listed.
    for (const late of lane.turns.splice(0, lane.turns.length - MAX_QUEUED)) late.isGivenUp = true;
    // A few are asked for at once; only what is signed waits for its turn.
    const media = Promise.resolve(lane.fetches.at(-MAX_FETCHES)).then(() => {
      if (turn.isGivenUp) throw new RelayError("deadline", `expected at most ${MAX_QUEUED} parts on their way`);
      return Promise.all([
        part.gap ? NOTHING : this.#fetch(part),
        part.init === undefined ? NO_DIGEST : this.#digestOf(part.init),
      ]);
    });
    lane.fetches = [...lane.fetches, media.catch(() => undefined)].slice(-MAX_FETCHES);
    const [signer, shelf] = [this.#signer, this.#shelf];
    this.#later(lane, async () => {
      try {
        const [bytes, initDigest] = await media;
        // Not signed under the numbers of another epoch.
        if (shelf !== this.#shelf) return;
        const { durationMs, independent, gap, programDateTimeMs } = part;
        const discontinuity = part.discontinuity || part.torn || lane.isTorn;
        const facts = { ...key, durationMs, independent, gap, discontinuity, programDateTimeMs, initDigest };
        const signed = await signer.sign(facts, bytes);
        lane.isTorn = false;
        lane.last = key;
        this.#signed += 1;
        shelf.put(key, encodeSignedHeader(signed));
      } catch (thrown) {
        if (shelf === this.#shelf) this.#miss(key, RelayError.from(thrown), lane);
      } finally {
        if (lane.turns[0] === turn) lane.turns.shift();
      }
    });
  }

  /** A part that could not be had, or is too large, has no header: viewers get it from the origin. */
  #miss(key: PartKey, error: RelayError, lane: Lane): void {
    if (this.#options.signal.aborted) return;
    lane.isTorn = true;
    this.#options.tell(`rendition ${key.rendition}: part ${key.msn}.${key.part} is not signed: ${error.message}`);
    if (lane.last === undefined || partNumber(key) > partNumber(lane.last)) this.#shelf.put(key, undefined);
  }

  #end(rendition: number, lane: Lane): void {
    lane.hasEnded = true;
    this.#shelf.end(rendition);
    const isOver = this.#lanes.every((one, index) => one.hasEnded || !this.#isSigned(index));
    if (!isOver) return;
    this.#card = this.#newCard(this.#lanes.flatMap(({ last }) => last ?? []));
    this.#options.tell("the stream has ended");
  }

  #later(lane: Lane, task: () => Promise<void>): void {
    lane.queue = lane.queue.then(task);
  }

  #fetch(media: Parameters<Follower["fetchMedia"]>[0]): Promise<Bytes> {
    return this.#options.follower.fetchMedia(media, this.#options.signal);
  }

  #digestOf(init: MediaRef): Promise<Digest> {
    const id = refId(init);
    const known = this.#inits.get(id);
    if (known !== undefined) return known;
    const digest = this.#fetch(init).then(sha256);
    this.#inits.set(id, digest);
    // The next part that needs it asks again.
    digest.catch(() => this.#inits.delete(id));
    const [oldest] = this.#inits.keys();
    if (this.#inits.size > MAX_INITS && oldest !== undefined) this.#inits.delete(oldest);
    return digest;
  }

  #newSigner(): HeaderSigner {
    return new HeaderSigner({ epoch: this.#epoch, keys: this.#options.keys });
  }

  #newShelf(): HeaderShelf {
    const { clock, follower } = this.#options;
    const { targetDurationMs = 6_000 } = follower.presentation.stream;
    return new HeaderShelf({ clock, deadlineMs: WAIT_TARGETS * targetDurationMs });
  }

  #newCard(ended?: readonly PartKey[]): Promise<Bytes> {
    const { name, keys, follower } = this.#options;
    this.#revision += 1;
    const { stream } = follower.presentation;
    const card = { name, epoch: this.#epoch, revision: this.#revision, options: stream };
    const signed = signCard(ended === undefined ? card : { ...card, ended }, keys);
    signed.catch(() => undefined); // for who does not ask for it; it rejects for who does
    return signed;
  }
}

/** The time in base 36, as epochs are ordered; later than the one before. */
function epochOf(wallMs: number, before?: string): string {
  const after = before === undefined ? 0 : Number.parseInt(before, 36) + 1;
  return Math.max(Math.floor(wallMs), after).toString(36);
}
