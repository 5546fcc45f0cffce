import { partNumber } from "../model/part-header.ts";
import type { PeerLink, SwarmOptions } from "../swarm/swarm-types.ts";
import type { HaveRange, PeerFrame } from "../wire/peer-frame.ts";
import { type BaselineNeighbour, type BaselinePart, BaselinePeer } from "./baseline-peer.ts";

export interface PullOptions {
  readonly partMs: number;
  /** What is played within this comes from the origin, as soon as one of its requests is free. */
  readonly highDemandMs: number;
}

/** As p2p-media-loader-core 2 has them by default. */
const SIMULTANEOUS_FETCHES = 2;
const SIMULTANEOUS_REQUESTS = 3;
const REQUEST_TIMEOUT_MS = 2000;
const RANDOM_EVERY_MS = 1000;

interface PullNeighbour extends BaselineNeighbour {
  readonly have: Set<number>;
}

interface Request {
  readonly neighbour: PullNeighbour;
  heardMs: number;
}

/**
 * Pull with time windows, after the published behaviour of p2p-media-loader-core 2 (`hybrid-loader.ts`): who has a part tells everybody; what is
 * played soon comes over HTTP, what is played later from a peer that has all of it, and now and then somebody at random takes over HTTP
 * what no peer has. It does so with segments; here with parts.
 */
export class PullPeer extends BaselinePeer<PullNeighbour> {
  readonly #partMs: number;
  readonly #highDemandMs: number;
  /** Not whole, in the order of playing. */
  readonly #queue: BaselinePart[] = [];
  readonly #requests = new Map<number, Request>();
  #cancelTimer: () => void;

  constructor(options: SwarmOptions, { partMs, highDemandMs }: PullOptions) {
    super(options);
    this.#partMs = partMs;
    this.#highDemandMs = highDemandMs;
    this.#cancelTimer = options.clock.after(options.random() * RANDOM_EVERY_MS, () => this.#everySecond());
  }

  override close(): void {
    this.#cancelTimer();
    super.close();
  }

  protected neighbourOf(link: PeerLink): PullNeighbour {
    return { peer: link.peer, link, have: new Set() };
  }

  protected opened(neighbour: PullNeighbour): void {
    const ranges = [...this.parts.values()].filter(({ bytes }) => bytes !== undefined).map(rangeOf);
    if (ranges.length > 0) this.tell(neighbour, { kind: "have", rendition: 0, hops: 0, ranges });
  }

  protected received(neighbour: PullNeighbour, frame: PeerFrame): void {
    if (frame.kind === "have") {
      for (const { first } of frame.ranges) neighbour.have.add(partNumber(first));
      this.#process();
    } else if (frame.kind === "request") {
      const part = this.partOf(frame.key);
      if (part.bytes === undefined || part.signed === undefined || !this.uploads) {
        this.tell(neighbour, { kind: "refuse", key: frame.key });
        return;
      }
      this.tell(neighbour, { kind: "header", hops: 0, signed: part.signed });
      for (const index of part.signed.pieces.keys()) {
        this.tell(neighbour, { kind: "piece", key: part.key, index, bytes: this.pieceOf(part, index)! });
      }
    } else if (frame.kind === "refuse") {
      const number = partNumber(frame.key);
      neighbour.have.delete(number);
      if (this.#requests.get(number)?.neighbour === neighbour) this.#requests.delete(number);
      this.#process();
    } else if (frame.kind === "header") {
      this.takeHeader(frame.signed);
      this.#heard(partNumber(frame.signed.header));
    } else if (frame.kind === "piece") {
      const part = this.takePiece(neighbour, frame);
      if (part === undefined) return;
      this.#heard(part.number);
      this.checkWhole(part);
    }
  }

  #heard(number: number): void {
    const request = this.#requests.get(number);
    if (request !== undefined) request.heardMs = this.nowMs;
  }

  protected lost(neighbour: PullNeighbour): void {
    for (const [number, request] of this.#requests) if (request.neighbour === neighbour) this.#requests.delete(number);
    this.#process();
  }

  protected wanted(part: BaselinePart): void {
    if (part.bytes === undefined) this.#queue.push(part);
    this.#process();
  }

  protected whole(part: BaselinePart): void {
    const at = this.#queue.indexOf(part);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#requests.delete(part.number);
    for (const neighbour of this.neighbours.values()) {
      this.tell(neighbour, { kind: "have", rendition: 0, hops: 0, ranges: [rangeOf(part)] });
    }
    this.#process();
  }

  get #fetchCount(): number {
    return this.#queue.reduce((count, { fetching }) => count + (fetching === undefined ? 0 : 1), 0);
  }

  #process(): void {
    if (this.isClosed) return;
    const { nowMs } = this;
    for (const [at, part] of this.#queue.entries()) {
      if (part.fetching !== undefined) continue;
      const leftMs = this.aheadMs - (nowMs - this.aheadAtMs) + at * this.#partMs;
      const request = this.#requests.get(part.number);
      if (leftMs < this.#highDemandMs && this.#fetchCount < SIMULTANEOUS_FETCHES) {
        this.#requests.delete(part.number);
        this.fetch(part, "deadline");
      } else if (request === undefined && this.#requests.size < SIMULTANEOUS_REQUESTS) {
        this.#request(part);
      }
    }
  }

  #request(part: BaselinePart): void {
    const have = [...this.neighbours.values()].filter((neighbour) => neighbour.have.has(part.number));
    const neighbour = have[Math.floor(this.options.random() * have.length)];
    if (neighbour === undefined) return;
    this.#requests.set(part.number, { neighbour, heardMs: this.nowMs });
    this.tell(neighbour, { kind: "request", key: part.key, first: 0, count: 1024, known: false, withinMs: 2000 });
  }

  #everySecond(): void {
    const { nowMs } = this;
    this.#cancelTimer = this.options.clock.after(RANDOM_EVERY_MS, () => this.#everySecond());
    for (const [number, { neighbour, heardMs }] of this.#requests) {
      if (nowMs - heardMs < REQUEST_TIMEOUT_MS) continue;
      neighbour.have.delete(number);
      this.#requests.delete(number);
    }
    const isFree = (part: BaselinePart): boolean =>
      part.fetching === undefined && ![...this.neighbours.values()].some(({ have }) => have.has(part.number));
    const free = this.#queue.filter(isFree);
    const peers = this.neighbours.size + 1;
    // So that of everybody around, one takes each of them on average.
    for (const part of free) {
      if (this.#fetchCount >= SIMULTANEOUS_FETCHES) break;
      if (peers > 1 && this.options.random() < 1 / peers) this.fetch(part, "elected");
    }
    for (const { have } of this.neighbours.values()) forget(have);
    this.#process();
  }
}

const rangeOf = ({ key: { msn, part } }: BaselinePart): HaveRange => ({ first: { msn, part }, last: { msn, part } });

const MAX_REMEMBERED = 256;

function forget(numbers: Set<number>): void {
  for (const oldest of numbers) {
    if (numbers.size <= MAX_REMEMBERED) break;
    numbers.delete(oldest);
  }
}
