import type { PartSource, PeerLink, SwarmOptions } from "../swarm/swarm-types.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import { type BaselineNeighbour, type BaselinePart, BaselinePeer } from "./baseline-peer.ts";
import type { TreePlan } from "./tree-plan.ts";

export interface TreeOptions {
  readonly partMs: number;
  readonly bitsPerSecond: number;
  /** One for all. */
  readonly plan: TreePlan;
}

const TICK_MS = 250;
/** A parent that connects and sends nothing for so long is given up, and not named again for a while. */
const SILENT_MS = 1500;
const DENIED_MS = 30_000;
/** Connecting takes so long at most. */
const CONNECT_MS = 2000;
/** What is played within this and has not come is asked of the origin. */
const DEADLINE_MS = 500;
const SIMULTANEOUS_FETCHES = 3;
/** Of an uplink, what a parent fills with children. */
const UPLINK_SHARE = 0.6;
const MAX_CHILDREN = 8;
/** What a child gets of the past, to start with. */
const STARTING_PARTS = 8;

interface TreeNeighbour extends BaselineNeighbour {
  isChild: boolean;
}

/**
 * One push tree over all viewers, planned by a coordinator that knows it all: each has one parent, the nearest to the root that has room, and
 * passes on each piece as it comes; who loses its parent is named another. The root asks the origin. What does not come in time is asked
 * of the origin too.
 */
export class TreePeer extends BaselinePeer<TreeNeighbour> {
  readonly #partMs: number;
  readonly #plan: TreePlan;
  readonly #bornMs: number;
  #parent: PeerId | undefined;
  /** Since when it waits for the parent to connect, and when media last came of it. */
  #askedMs = Number.NEGATIVE_INFINITY;
  #aliveMs = 0;
  readonly #deniedUntilMs = new Map<PeerId, number>();
  readonly #queue: BaselinePart[] = [];
  #cancelTimer: () => void;

  constructor(options: SwarmOptions, { partMs, bitsPerSecond, plan }: TreeOptions) {
    super(options);
    this.#partMs = partMs;
    this.#plan = plan;
    this.#bornMs = this.nowMs;
    const children = Math.floor(((options.uplinkBps ?? 0) * UPLINK_SHARE) / bitsPerSecond);
    plan.join(options.self, this.uploads ? Math.min(MAX_CHILDREN, children) : 0);
    this.#cancelTimer = options.clock.after(options.random() * TICK_MS, () => this.#tick());
  }

  /** Only the plan's connections are wanted. */
  override get maxNeighbours(): number {
    return 0;
  }

  override close(): void {
    this.#cancelTimer();
    this.#plan.leave(this.options.self);
    super.close();
  }

  protected override get isFull(): boolean {
    return false;
  }

  get #isRoot(): boolean {
    return this.#plan.root === this.options.self;
  }

  protected neighbourOf(link: PeerLink): TreeNeighbour {
    return { peer: link.peer, link, isChild: false };
  }

  protected opened(neighbour: TreeNeighbour): void {
    if (neighbour.peer !== this.#parent) return;
    this.#aliveMs = this.nowMs;
    this.tell(neighbour, { kind: "subscribe", substreams: 1, of: 1 });
  }

  protected lost(neighbour: TreeNeighbour): void {
    if (neighbour.peer === this.#parent) this.#dropParent();
  }

  #dropParent(): void {
    const { self } = this.options;
    if (this.#parent === undefined) return;
    const neighbour = this.neighbours.get(this.#parent);
    if (neighbour !== undefined) this.tell(neighbour, { kind: "subscribe", substreams: 0, of: 1 });
    this.#deniedUntilMs.set(this.#parent, this.nowMs + DENIED_MS);
    this.#parent = undefined;
    this.#plan.detach(self);
    this.#seekParent();
  }

  #seekParent(): void {
    const { self, listener } = this.options;
    if (this.isClosed || this.#isRoot || this.#parent !== undefined) return;
    const { nowMs } = this;
    const isDenied = (peer: PeerId): boolean => (this.#deniedUntilMs.get(peer) ?? 0) > nowMs;
    const named = this.#plan.candidates(self, isDenied);
    const parent = named[Math.floor(this.options.random() * named.length)];
    if (parent === undefined || !this.#plan.attach(self, parent)) return;
    this.#parent = parent;
    this.#askedMs = nowMs;
    const known = this.neighbours.get(parent);
    if (known === undefined) listener.wanted?.([parent]);
    else this.opened(known);
  }

  protected received(neighbour: TreeNeighbour, frame: PeerFrame): void {
    if (frame.kind === "subscribe") {
      neighbour.isChild = frame.substreams !== 0;
      if (neighbour.isChild) for (const part of this.#newest()) this.#send(neighbour, part);
    } else if (frame.kind === "header") this.takeHeader(frame.signed, () => this.#push(frame, neighbour));
    else if (frame.kind === "piece") {
      const part = this.takePiece(neighbour, frame);
      if (part === undefined) return;
      if (neighbour.peer === this.#parent) this.#aliveMs = this.nowMs;
      this.#push(frame, neighbour);
      this.checkWhole(part);
    }
  }

  #newest(): readonly BaselinePart[] {
    return [...this.parts.values()].slice(-STARTING_PARTS);
  }

  #push(frame: PeerFrame, from: TreeNeighbour): void {
    for (const child of this.neighbours.values()) if (child.isChild && child !== from) this.tell(child, frame);
  }

  #tick(): void {
    const { nowMs } = this;
    this.#cancelTimer = this.options.clock.after(TICK_MS, () => this.#tick());
    if (this.#parent !== undefined && !this.#isRoot) {
      const isThere = this.neighbours.has(this.#parent);
      const sinceMs = isThere ? this.#aliveMs + SILENT_MS : this.#askedMs + CONNECT_MS;
      if (nowMs > sinceMs) this.#dropParent();
    } else this.#seekParent();
    // Who has just come gives its peers a moment.
    if (nowMs - this.#bornMs >= (this.options.joinGraceMs ?? 0)) this.#checkDeadlines();
  }

  protected wanted(part: BaselinePart): void {
    if (part.bytes !== undefined) return;
    this.#queue.push(part);
    if (this.#isRoot) this.fetch(part, "elected");
  }

  #checkDeadlines(): void {
    const { nowMs } = this;
    for (const [at, part] of this.#queue.entries()) {
      const leftMs = this.aheadMs - (nowMs - this.aheadAtMs) + at * this.#partMs;
      if (leftMs >= DEADLINE_MS || at >= SIMULTANEOUS_FETCHES) break;
      this.fetch(part, "deadline");
    }
  }

  protected whole(part: BaselinePart, source: PartSource): void {
    const at = this.#queue.indexOf(part);
    if (at >= 0) this.#queue.splice(at, 1);
    if (source !== "origin") return;
    // What came from peers was passed on piece by piece. Of this the children have had nothing, or not all.
    for (const neighbour of this.neighbours.values()) if (neighbour.isChild) this.#send(neighbour, part);
  }

  /** What there is of a part. */
  #send(child: TreeNeighbour, part: BaselinePart): void {
    if (part.signed === undefined) return;
    this.tell(child, { kind: "header", hops: 0, signed: part.signed });
    for (const index of part.signed.pieces.keys()) {
      const bytes = this.pieceOf(part, index);
      if (bytes !== undefined) this.tell(child, { kind: "piece", key: part.key, index, bytes });
    }
  }
}
