import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import type { MediaKey } from "../../model/media-key.ts";
import { type PartKey, partNumber, type StreamCard } from "../../model/part-header.ts";
import type { MediaSource } from "../../model/stats.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import type { Publisher, RelayedPart } from "../publisher.ts";
import { type FeedPosition, markOf } from "./feed-position.ts";
import { isNone, isSame, toHex } from "./hex.ts";
import { type FeedStep, RenditionFeed } from "./rendition-feed.ts";

/** Steps of one rendition that the worker may have unanswered. */
const MAX_PENDING = 32;
/** Init segments that are remembered; a stream has one for each rendition, and a few more as its encoders change. */
const MAX_INITS = 64;
/** Changes of keys that wait for their part. */
const MAX_KEYS = 256;
/** After a stream has ended, its last parts may take this many target durations. */
const END_PATIENCE = 3;

/** What is fed: a publisher, or what stands for one in a test. */
export interface FeedTarget
  extends Pick<Publisher, "init" | "part" | "gap" | "discontinuity" | "key" | "end" | "closed"> {
  // By itself: the package's declarations have nothing of a publisher that is internal, and have this one's.
  rememberInit(rendition: string, bytes: Bytes): void;
}

export interface PartFeederOptions {
  readonly clock: Clock;
  readonly card: StreamCard;
  readonly target: FeedTarget;
  /** Where the page before stopped, by rendition id. */
  readonly positions: ReadonlyMap<string, FeedPosition>;
  /** How long the player can go on with what it has; undefined where nothing plays. */
  readonly bufferAheadMs: () => number | undefined;
  /** Asks for an init segment: `init()` follows if it is found. */
  readonly wantInit: (digest: Bytes) => void;
  /** The publisher takes no more. */
  readonly failed: (error: RelayError) => void;
  /** The stream has ended, and the worker knows. */
  readonly ended: () => void;
}

export interface FeedStats {
  /** Parts that never came, and are gaps. */
  readonly missed: number;
  /** Parts that the worker refused for what they hold. */
  readonly refused: number;
  readonly lastRefusal?: string;
}

interface Lane {
  readonly id: string;
  readonly feed: RenditionFeed;
  /** The step that waits for its init segment. */
  held: Extract<FeedStep, { kind: "part" }> | undefined;
  /** Since when that is not there. */
  heldAtMs: number | undefined;
  /** As the worker has it. */
  init: Bytes | undefined;
  /** Another page set it: a worker that forgets would have to be told. */
  isInherited: boolean;
  /** What encrypts the parts from a number on; in order. */
  keys: { readonly from: number; readonly keys: readonly MediaKey[] }[];
  /** Parts before which some were missed. */
  readonly torn: Set<number>;
  /** What was there when it began is yet to be fed. */
  isStarting: boolean;
  pending: number;
}

/** Feeds the parts of a stream to the worker: whole, proven, in order, each once, under the right init segment. */
export class PartFeeder {
  readonly #options: PartFeederOptions;
  readonly #lanes: readonly Lane[];
  readonly #inits = new Map<string, Bytes>();
  #card: StreamCard;
  #cancelLook: (() => void) | undefined;
  #cancelEnd: (() => void) | undefined;
  #refused = 0;
  #lastRefusal: string | undefined;
  #isClosed = false;
  #isEnding = false;

  constructor(options: PartFeederOptions) {
    const { clock, card, positions } = options;
    this.#options = options;
    this.#card = card;
    this.#lanes = card.options.renditions.map(({ id }) => {
      const last = positions.get(id);
      return {
        id,
        feed: new RenditionFeed({
          clock,
          patienceMs: () => this.#patienceMs,
          ...(last === undefined ? {} : { last }),
        }),
        held: undefined,
        heldAtMs: undefined,
        init: last?.init,
        isInherited: last !== undefined,
        keys: [],
        torn: new Set(),
        isStarting: false,
        pending: 0,
      };
    });
    for (const { feed } of this.#lanes) feed.enter(card.epoch);
  }

  get stats(): FeedStats {
    return {
      missed: this.#lanes.reduce((sum, { feed }) => sum + feed.missed, 0),
      refused: this.#refused,
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    };
  }

  /** The last part of a rendition that was fed, by its index in the card. */
  last(rendition: number): FeedPosition | undefined {
    return this.#lanes[rendition]?.feed.last;
  }

  /** The card changed, within what playlists allow: another epoch of the source, or its end. */
  card(card: StreamCard): void {
    this.#card = card;
    for (const { feed } of this.#lanes) feed.enter(card.epoch);
    this.#look();
  }

  /** The source does not know where a rendition stood: it starts where it can. */
  forget(rendition: number): void {
    this.#lanes[rendition]?.feed.forget();
  }

  /** The origin lists this part. `torn`: what is listed before it was missed here, so its timestamps may go on anywhere. */
  list(key: PartKey, torn = false): void {
    const lane = this.#lanes[key.rendition];
    lane?.feed.list(partNumber(key));
    if (torn) lane?.torn.add(partNumber(key));
  }

  /** The parts from this one on are encrypted so, as the origin lists it; keys never travel between peers. */
  keys(from: PartKey, keys: readonly MediaKey[]): void {
    const lane = this.#lanes[from.rendition];
    if (lane !== undefined) lane.keys = [...lane.keys, { from: partNumber(from), keys }].slice(-MAX_KEYS);
  }

  /** Nobody has this part: it is not waited for. */
  miss(key: PartKey): void {
    this.#lanes[key.rendition]?.feed.miss(partNumber(key));
    this.#look();
  }

  part(part: SharedPart): void {
    const lane = this.#lanes[part.key.rendition];
    if (lane === undefined) return;
    lane.feed.add(part);
    this.#look();
  }

  init(digest: Bytes, bytes: Bytes): void {
    this.#inits.set(toHex(digest), bytes);
    if (this.#inits.size > MAX_INITS)
      for (const oldest of [...this.#inits.keys()].slice(0, 1)) this.#inits.delete(oldest);
    this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#cancelEnd?.();
  }

  /** A stall is worse than a gap: while the player has something, a part that is late may come. */
  get #patienceMs(): number {
    const { targetDurationMs = 6_000 } = this.#card.options;
    return Math.min(3 * targetDurationMs, Math.max(targetDurationMs, this.#options.bufferAheadMs() ?? 0));
  }

  #look(): void {
    if (this.#isClosed) return;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    for (const lane of this.#lanes) this.#pump(lane);
    this.#lookForEnd();
    const dueAtMs = Math.min(...this.#lanes.map((lane) => this.#dueAtMs(lane) ?? Number.POSITIVE_INFINITY));
    if (this.#isClosed || dueAtMs === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    this.#cancelLook = clock.after(Math.max(1, dueAtMs - clock.now()), () => this.#look());
  }

  /** Nothing plays without the first init segment. Any other one is waited for as a part is. */
  #dueAtMs({ feed, held, heldAtMs, init }: Lane): number | undefined {
    if (held === undefined) return feed.dueAtMs;
    return heldAtMs === undefined || init === undefined ? undefined : heldAtMs + this.#patienceMs;
  }

  #pump(lane: Lane): void {
    while (!this.#isClosed && lane.pending < MAX_PENDING) {
      const step = lane.held ?? lane.feed.take();
      if (step === undefined) return;
      if (step.kind === "gap") this.#gap(lane, step);
      else if (!this.#feed(lane, step)) return;
    }
  }

  /** False while the init segment is missing: it is wanted, and all waits for it. What it does not come for in time is a gap. */
  #feed(lane: Lane, step: Extract<FeedStep, { kind: "part" }>): boolean {
    const { clock, target, wantInit } = this.#options;
    const { signed, bytes, source } = step.part;
    const { header } = signed;
    const known = isNone(header.initDigest) ? undefined : this.#inits.get(toHex(header.initDigest));
    const isChanged = !isNone(header.initDigest) && (lane.init === undefined || !isSame(header.initDigest, lane.init));
    if (known === undefined && !isNone(header.initDigest)) wantInit(header.initDigest);
    const isMissing = isChanged && known === undefined;
    if (isMissing) {
      lane.held = step;
      lane.heldAtMs ??= clock.now();
      if (clock.now() < (this.#dueAtMs(lane) ?? Number.POSITIVE_INFINITY)) return false;
    } else lane.heldAtMs = undefined;
    lane.held = undefined;
    // At the start of a stream that is empty the worker ignores it.
    if (step.fresh || header.discontinuity || lane.torn.has(partNumber(header))) void target.discontinuity(lane.id);
    const position = lane.feed.last;
    if (isMissing) {
      // The worker goes on with the one that it has.
      const init = lane.init ?? header.initDigest;
      if (position !== undefined) this.#gap(lane, { durationMs: header.durationMs, position: { ...position, init } });
      return true;
    }
    if (isChanged && known !== undefined) {
      lane.init = header.initDigest;
      lane.isInherited = false;
      this.#send(lane, target.init(lane.id, known));
    } else if (lane.isInherited && known !== undefined) {
      lane.isInherited = false;
      target.rememberInit(lane.id, known);
    }
    const number = partNumber(header);
    for (const torn of lane.torn) if (torn <= number) lane.torn.delete(torn);
    const keys = lane.keys.findLast(({ from }) => from <= number);
    if (keys !== undefined) {
      lane.keys = lane.keys.filter(({ from }) => from > number);
      void target.key(lane.id, keys.keys);
    }
    const mark = position === undefined ? {} : { mark: markOf({ ...position, init: header.initDigest }) };
    if (header.gap) {
      this.#send(lane, target.gap(lane.id, { durationMs: header.durationMs, ...mark }));
      return true;
    }
    lane.isStarting = (lane.isStarting || step.fresh) && lane.feed.behind > 0;
    const part: RelayedPart = {
      bytes,
      ...(lane.isStarting ? { more: true } : {}),
      durationMs: header.durationMs,
      independent: header.independent,
      // Undated: it is when it came.
      ...(header.programDateTimeMs === 0 ? {} : { programDateTimeMs: header.programDateTimeMs }),
      source: SOURCES[source],
      ...mark,
    };
    this.#send(lane, target.part(lane.id, part));
    return true;
  }

  /** In pieces that a playlist may list. */
  #gap(lane: Lane, { durationMs, position }: Omit<Extract<FeedStep, { kind: "gap" }>, "kind">): void {
    const { partTargetMs = 500 } = this.#card.options;
    const count = Math.ceil(durationMs / partTargetMs);
    for (let index = 0; index < count; index++) {
      const gap = { durationMs: durationMs / count, mark: markOf(position) };
      this.#send(lane, this.#options.target.gap(lane.id, gap));
    }
  }

  #send(lane: Lane, taken: Promise<unknown>): void {
    lane.pending += 1;
    taken
      .catch((thrown: unknown) => {
        const { closed } = this.#options.target;
        if (closed === undefined) {
          // Its loss alone: what is live goes on.
          const { code, message } = RelayError.from(thrown);
          this.#refused += 1;
          this.#lastRefusal = `${code}: ${message}`;
        } else if (!this.#isClosed) {
          this.close();
          this.#options.failed(closed);
        }
      })
      .finally(() => {
        lane.pending -= 1;
        this.#look();
      });
  }

  #lookForEnd(): void {
    const { ended, options } = this.#card;
    if (ended === undefined || this.#isEnding) return;
    const isFed = ended.every(({ rendition, ...key }) => {
      const last = this.#lanes[rendition]?.feed.last;
      return last !== undefined && partNumber(last) >= partNumber(key);
    });
    if (isFed) {
      void this.#end();
    } else {
      const { targetDurationMs = 6_000 } = options;
      this.#cancelEnd ??= this.#options.clock.after(END_PATIENCE * targetDurationMs, () => void this.#end());
    }
  }

  async #end(): Promise<void> {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    this.#cancelEnd?.();
    try {
      await this.#options.target.end();
      this.#options.ended();
    } catch (thrown) {
      this.#options.failed(RelayError.from(thrown));
    }
  }
}

const SOURCES = { peer: "peer", origin: "origin", own: "page" } as const satisfies Record<
  SharedPart["source"],
  MediaSource
>;
