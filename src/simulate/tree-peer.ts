import type { PartSource, PeerLink, SwarmOptions } from "../swarm/swarm-types.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import { type BaselineNeighbour, type BaselinePart, BaselinePeer } from "./baseline-peer.ts";

export interface TreeOptions {
  readonly partMs: number;
  readonly bitsPerSecond: number;
}

/** `of` of a frame that answers `subscribe`. */
const ANSWER = 2;
const TICK_MS = 250;
const BEAT_MS = 1000;
/** A root of which nothing has come for so long is gone. */
const ROOT_TIMEOUT_MS = 1500;
const HOP_TIMEOUT_MS = 200;
const LOST_ROOT_MS = 20_000;
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
  /** What it was last told of our own room. */
  toldFull: boolean | undefined;
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
  /** When media last came of the parent. */
  #aliveMs = 0;
  /** Roots of which nothing came any more: an older beat still goes round, and who was lost twice beats for nothing. */
  readonly #lostRoots = new Map<PeerId, { readonly times: number; readonly beat: number; readonly untilMs: number }>();
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

  /** Who is nearer to the root repairs first. */
  get #timeoutMs(): number {
    return ROOT_TIMEOUT_MS + HOP_TIMEOUT_MS * this.#depth;
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
      toldFull: undefined,
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
    this.tell(neighbour, { kind: "have", rendition: 0, hops: this.#depth, ranges: [] });
    const isFull = !this.#hasRoom;
    if (isFull === neighbour.toldFull) return;
    neighbour.toldFull = isFull;
    this.tell(neighbour, { kind: "choke", on: isFull });
  }

  protected received(neighbour: TreeNeighbour, frame: PeerFrame): void {
    if (frame.kind === "roots") {
      const [entry] = frame.entries;
      neighbour.root = entry?.peer;
      neighbour.beat = entry?.beat ?? 0;
    } else if (frame.kind === "have") this.#placed(neighbour, frame.hops);
    else if (frame.kind === "choke") neighbour.hasRoom = !frame.on;
    else if (frame.kind === "subscribe") {
      if (frame.of === ANSWER) this.#answered(neighbour, frame.substreams !== 0);
      else this.#subscribed(neighbour, frame.substreams !== 0);
    } else if (frame.kind === "header") {
      this.takeHeader(frame.signed, () => this.#push(frame, neighbour));
    } else if (frame.kind === "piece") {
      const part = this.takePiece(neighbour, frame);
      if (part === undefined) return;
      // A root that beats and sends no media is none.
      if (neighbour === this.#parent) this.#aliveMs = this.nowMs;
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
    this.tell(neighbour, { kind: "subscribe", substreams: neighbour.isChild ? 1 : 0, of: ANSWER });
    if (!neighbour.isChild) return;
    this.#offer(neighbour);
    for (const part of [...this.parts.values()].slice(-STARTING_PARTS)) this.#send(neighbour, part);
  }

  #placed(neighbour: TreeNeighbour, depth: number): void {
    neighbour.depth = depth;
    if (neighbour === this.#parent) this.#follow(neighbour);
    this.#seekParent();
  }

  #answered(neighbour: TreeNeighbour, isParent: boolean): void {
    if (neighbour !== this.#asked) {
      // It took too long, and another was asked.
      if (isParent && neighbour !== this.#parent) this.tell(neighbour, { kind: "subscribe", substreams: 0, of: 1 });
      return;
    }
    this.#asked = undefined;
    if (isParent) this.#adopt(neighbour);
    else {
      neighbour.deniedUntilMs = this.nowMs + DENIED_MS;
      this.#seekParent();
    }
  }

  #adopt(neighbour: TreeNeighbour): void {
    this.#dropParent();
    this.#parent = neighbour;
    this.#aliveMs = this.nowMs;
    neighbour.isChild = false;
    this.#follow(neighbour);
  }

  #follow({ root, beat, depth }: TreeNeighbour): void {
    if (root === undefined || (root === this.#root && beat <= this.#beat && depth + 1 === this.#depth)) return;
    this.#root = root;
    this.#beat = beat;
    this.#depth = depth + 1;
    for (const neighbour of this.neighbours.values()) this.#offer(neighbour);
  }

  /** One that is better than what there is, and no descendant: of a lower root, or of the same with a later beat or nearer to it. */
  #isBetter({ root, beat, depth, hasRoom, isChild, deniedUntilMs }: TreeNeighbour): boolean {
    if (root === undefined || root === this.options.self || !hasRoom || isChild || deniedUntilMs > this.nowMs)
      return false;
    const lost = this.#lostRoots.get(root);
    if (lost !== undefined && lost.untilMs > this.nowMs && (beat <= lost.beat + 1 || lost.times > 1)) return false;
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
    } else if (this.#root !== undefined && !this.#isRoot && nowMs - this.#aliveMs > this.#timeoutMs) {
      const lost = this.#lostRoots.get(this.#root);
      const times = lost !== undefined && lost.untilMs > nowMs ? lost.times + 1 : 1;
      this.#lostRoots.set(this.#root, { times, beat: this.#beat, untilMs: nowMs + LOST_ROOT_MS });
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
