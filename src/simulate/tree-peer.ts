import type { PartSource, PeerLink, SwarmOptions } from "../swarm/swarm-types.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import { type BaselineNeighbour, type BaselinePart, BaselinePeer } from "./baseline-peer.ts";

export interface TreeOptions {
  readonly partMs: number;
  readonly bitsPerSecond: number;
}

const TICK_MS = 250;
const BEAT_MS = 1000;
/** A root that has not been heard of for so long is gone. */
const ROOT_TIMEOUT_MS = 3500;
/** Who finds no parent for so long is a root, and asks the origin. */
const ORPHAN_MS = 2500;
/** What is played within this and has not come is asked of the origin. */
const DEADLINE_MS = 500;
/** Of an uplink, what a parent fills with children. */
const UPLINK_SHARE = 0.6;
const MAX_CHILDREN = 8;
/** A parent that does not answer `subscribe` by then is not asked again for a while. */
const ANSWER_MS = 1500;
const DENIED_MS = 5000;
/** A parent is left for one that is so much nearer to the root. */
const SHORTCUT_HOPS = 1;
const SIMULTANEOUS_FETCHES = 3;
/** What a child gets of the past, to start with. */
const STARTING_PARTS = 8;

interface TreeNeighbour extends BaselineNeighbour {
  root: PeerId | undefined;
  beat: number;
  depth: number;
  hasRoom: boolean;
  isChild: boolean;
  deniedUntilMs: number;
}

/**
 * One push tree over all viewers: its root asks the origin, everybody else has one parent, pieces are passed on as they come, and who loses
 * its parent looks for another among its neighbours. Roots are the spanning tree protocol's: the lowest number wins, and beats tell that it is
 * alive. What does not come in time is asked of the origin.
 */
export class TreePeer extends BaselinePeer<TreeNeighbour> {
  readonly #partMs: number;
  readonly #capacity: number;
  readonly #bornMs: number;
  #root: PeerId | undefined;
  #beat = 0;
  #beatMs = 0;
  #depth = 0;
  #parent: TreeNeighbour | undefined;
  #asked: TreeNeighbour | undefined;
  #askedMs = 0;
  #orphanMs: number;
  /** Beats of a root that was given up: older ones that still go round count no more. */
  #lostRoot: PeerId | undefined;
  #lostBeat = 0;
  readonly #queue: BaselinePart[] = [];
  #cancelTimer: () => void;

  constructor(options: SwarmOptions, { partMs, bitsPerSecond }: TreeOptions) {
    super(options);
    this.#partMs = partMs;
    const children = Math.floor(((options.uplinkBps ?? 0) * UPLINK_SHARE) / bitsPerSecond);
    this.#capacity = this.uploads ? Math.min(MAX_CHILDREN, children) : 0;
    this.#bornMs = this.nowMs;
    this.#orphanMs = this.nowMs;
    this.#cancelTimer = options.clock.after(options.random() * TICK_MS, () => this.#tick());
  }

  override close(): void {
    this.#cancelTimer();
    super.close();
  }

  get #isRoot(): boolean {
    return this.#root === this.options.self;
  }

  get #children(): readonly TreeNeighbour[] {
    return [...this.neighbours.values()].filter(({ isChild }) => isChild);
  }

  get #hasRoom(): boolean {
    return this.#root !== undefined && this.#children.length < this.#capacity;
  }

  protected neighbourOf(link: PeerLink): TreeNeighbour {
    return {
      peer: link.peer,
      link,
      root: undefined,
      beat: 0,
      depth: 0,
      hasRoom: false,
      isChild: false,
      deniedUntilMs: 0,
    };
  }

  protected opened(neighbour: TreeNeighbour): void {
    this.#offer(neighbour);
  }

  protected lost(neighbour: TreeNeighbour): void {
    if (this.#asked === neighbour) this.#asked = undefined;
    if (this.#parent !== neighbour) return;
    this.#dropParent();
    this.#seekParent();
  }

  #dropParent(): void {
    if (this.#parent === undefined) return;
    this.tell(this.#parent, { kind: "subscribe", substreams: 0, of: 1 });
    this.#parent = undefined;
    this.#orphanMs = this.nowMs;
  }

  /** Where this stands in the tree, and whether it has room. */
  #offer(neighbour: TreeNeighbour): void {
    if (this.#root === undefined) return;
    this.tell(neighbour, { kind: "roots", entries: [{ peer: this.#root, beat: this.#beat }] });
    const free = this.#hasRoom ? 1 : 0;
    this.tell(neighbour, { kind: "offer", substreams: neighbour.isChild ? 1 : 0, free, hops: [this.#depth] });
  }

  protected received(neighbour: TreeNeighbour, frame: PeerFrame): void {
    // Media is a sign of life too, and beats may be stuck behind it.
    if (neighbour === this.#parent) this.#beatMs = this.nowMs;
    if (frame.kind === "roots") {
      const [entry] = frame.entries;
      neighbour.root = entry?.peer;
      neighbour.beat = entry?.beat ?? 0;
    } else if (frame.kind === "offer")
      this.#offered(neighbour, frame.substreams === 1, frame.free > 0, frame.hops[0] ?? 0);
    else if (frame.kind === "subscribe") this.#subscribed(neighbour, frame.substreams !== 0);
    else if (frame.kind === "choke") this.#denied(neighbour);
    else if (frame.kind === "header") {
      this.takeHeader(frame.signed, () => this.#push(frame, neighbour));
    } else if (frame.kind === "piece") {
      const part = this.takePiece(neighbour, frame);
      if (part === undefined) return;
      this.#push(frame, neighbour);
      this.checkWhole(part);
    }
  }

  #push(frame: PeerFrame, from: TreeNeighbour): void {
    for (const child of this.#children) if (child !== from) this.tell(child, frame);
  }

  #subscribed(neighbour: TreeNeighbour, on: boolean): void {
    if (!on) {
      neighbour.isChild = false;
      return;
    }
    neighbour.isChild = neighbour.isChild || (this.#hasRoom && neighbour !== this.#parent);
    if (!neighbour.isChild) {
      this.tell(neighbour, { kind: "choke", on: true });
      return;
    }
    this.#offer(neighbour);
    for (const part of [...this.parts.values()].slice(-STARTING_PARTS)) this.#send(neighbour, part);
  }

  #offered(neighbour: TreeNeighbour, isParent: boolean, hasRoom: boolean, depth: number): void {
    neighbour.hasRoom = hasRoom;
    neighbour.depth = depth;
    if (isParent && neighbour === this.#asked) {
      this.#asked = undefined;
      this.#adopt(neighbour);
    } else if (neighbour === this.#parent) this.#follow(neighbour);
    else if (isParent) this.tell(neighbour, { kind: "subscribe", substreams: 0, of: 1 });
    this.#seekParent();
  }

  #denied(neighbour: TreeNeighbour): void {
    if (neighbour !== this.#asked) return;
    neighbour.deniedUntilMs = this.nowMs + DENIED_MS;
    this.#asked = undefined;
    this.#seekParent();
  }

  #adopt(neighbour: TreeNeighbour): void {
    this.#dropParent();
    this.#parent = neighbour;
    neighbour.isChild = false;
    this.#follow(neighbour);
  }

  #follow({ root, beat, depth }: TreeNeighbour): void {
    if (root === undefined || (root === this.#root && beat <= this.#beat && depth + 1 === this.#depth)) return;
    if (root !== this.#root || beat > this.#beat) this.#beatMs = this.nowMs;
    this.#root = root;
    this.#beat = beat;
    this.#depth = depth + 1;
    for (const neighbour of this.neighbours.values()) this.#offer(neighbour);
  }

  /** One that is better than what there is, and no descendant: of a lower root, or of the same with a later beat or nearer to it. */
  #isBetter({ root, beat, depth, hasRoom, isChild, deniedUntilMs }: TreeNeighbour): boolean {
    if (root === undefined || root === this.options.self || !hasRoom || isChild || deniedUntilMs > this.nowMs)
      return false;
    if (root === this.#lostRoot && beat <= this.#lostBeat) return false;
    if (this.#root === undefined || isBefore(root, this.#root)) return true;
    if (root !== this.#root) return false;
    if (this.#parent !== undefined) return depth + 1 < this.#depth - SHORTCUT_HOPS;
    return beat > this.#beat || (beat === this.#beat && depth < this.#depth);
  }

  #seekParent(): void {
    if (this.#asked !== undefined || this.isClosed) return;
    let best: TreeNeighbour | undefined;
    for (const neighbour of this.neighbours.values()) {
      if (!this.#isBetter(neighbour)) continue;
      if (
        best === undefined ||
        isBefore(neighbour.root!, best.root!) ||
        (neighbour.root === best.root && neighbour.depth < best.depth)
      ) {
        best = neighbour;
      }
    }
    if (best === undefined) return;
    this.#asked = best;
    this.#askedMs = this.nowMs;
    this.tell(best, { kind: "subscribe", substreams: 1, of: 1 });
  }

  #tick(): void {
    const { nowMs } = this;
    this.#cancelTimer = this.options.clock.after(TICK_MS, () => this.#tick());
    if (this.#asked !== undefined && nowMs - this.#askedMs > ANSWER_MS) {
      this.tell(this.#asked, { kind: "subscribe", substreams: 0, of: 1 });
      this.#asked.deniedUntilMs = nowMs + DENIED_MS;
      this.#asked = undefined;
    }
    if (this.#isRoot && nowMs - this.#beatMs >= BEAT_MS) {
      this.#beat += 1;
      this.#beatMs = nowMs;
      for (const neighbour of this.neighbours.values()) this.#offer(neighbour);
    } else if (this.#root !== undefined && !this.#isRoot && nowMs - this.#beatMs > ROOT_TIMEOUT_MS) {
      this.#lostRoot = this.#root;
      this.#lostBeat = this.#beat;
      this.#root = undefined;
      this.#dropParent();
    }
    this.#seekParent();
    const isOrphan = !this.#isRoot && this.#parent === undefined && this.#asked === undefined;
    if (isOrphan && this.#capacity > 0 && nowMs - this.#orphanMs > ORPHAN_MS + this.options.random() * ORPHAN_MS) {
      this.#root = this.options.self;
      this.#beat += 1;
      this.#beatMs = nowMs;
      this.#depth = 0;
    }
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
    // What came from peers was passed on piece by piece. Of this the children have had nothing, or not all.
    if (source === "origin") for (const child of this.#children) this.#send(child, part);
  }

  /** What there is of a part. */
  #send(child: TreeNeighbour, part: BaselinePart): void {
    if (part.signed === undefined) return;
    this.tell(child, { kind: "header", hops: this.#depth, signed: part.signed });
    for (const index of part.signed.pieces.keys()) {
      const bytes = this.pieceOf(part, index);
      if (bytes !== undefined) this.tell(child, { kind: "piece", key: part.key, index, bytes });
    }
  }
}

/** Who came earlier has the lower number, and is likelier to stay. */
const isBefore = (a: PeerId, b: PeerId): boolean => a.length < b.length || (a.length === b.length && a < b);
