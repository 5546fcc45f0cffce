import type { PeerFrame } from "../wire/peer-frame.ts";
import { MAX_BACKLOG_MS, MAX_BUFFERED_BYTES, MAX_QUEUED_MS, MAX_QUEUED_PIECES } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { SwarmContext } from "./swarm-context.ts";
import { PACKET_OVERHEAD } from "./uplink.ts";

type PieceFrame = Extract<PeerFrame, { readonly kind: "piece" }>;

interface Queued {
  readonly neighbour: Neighbour;
  readonly part: PartAssembly;
  readonly frame: PieceFrame;
  readonly queuedMs: number;
  /** Of use until about then: who is due first goes first. */
  readonly dueMs: number;
}

/** How often links that are full are looked at again where the uplink's rate is not known. */
const POLL_MS = 20;
const SERVED_WEIGHT = 0.02;

/**
 * Media on its way out. It is handed to the links no faster than the uplink takes it, so that what is urgent does not wait behind
 * what is not, and what has lost its use is never sent.
 */
export class UploadQueue {
  readonly #context: SwarmContext;
  readonly #queue: Queued[] = [];
  #queuedBytes = 0;
  /** When the uplink will be done with what the links were given. */
  #freeMs = 0;
  #servedMs = 0;
  #cancelPump: (() => void) | undefined;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  get count(): number {
    return this.#queue.length;
  }

  /** How long what was handed out, and what waits, still takes. */
  get backlogMs(): number {
    return Math.max(0, this.#freeMs - this.#context.clock.now()) + this.#tookMs(this.#queuedBytes);
  }

  /** How long a piece took lately from here to its last byte on the line. */
  get servedMs(): number {
    return this.#servedMs;
  }

  /** Sends it, unless it was sent to this neighbour before. False when there is no room for it. */
  push(neighbour: Neighbour, part: PartAssembly, frame: PieceFrame, dueMs: number): boolean {
    if (!part.markSent(frame.index, neighbour.bit)) return true;
    const nowMs = this.#context.clock.now();
    this.#servedMs += (this.backlogMs + this.#tookMs(frame.bytes.byteLength) - this.#servedMs) * SERVED_WEIGHT;
    if (this.#queue.length === 0 && this.#hasRoom(neighbour, frame.bytes.byteLength, nowMs)) {
      this.#send(neighbour, frame, nowMs);
      return true;
    }
    if (this.#queue.length >= MAX_QUEUED_PIECES) {
      part.unmarkSent(frame.index, neighbour.bit);
      return false;
    }
    this.#queuedBytes += frame.bytes.byteLength;
    this.#queue.push({ neighbour, part, frame, queuedMs: nowMs, dueMs });
    this.#schedule(nowMs);
    return true;
  }

  /** Forgets what waits for one neighbour: all of it, or one part. */
  drop(neighbour: Neighbour, part?: PartAssembly): void {
    this.#filter((queued) => queued.neighbour !== neighbour || (part !== undefined && queued.part !== part));
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#cancelPump?.();
    this.#cancelPump = undefined;
  }

  #hasRoom(neighbour: Neighbour, bytes: number, nowMs: number): boolean {
    if (this.#freeMs - nowMs > MAX_BACKLOG_MS) return false;
    const { bufferedBytes } = neighbour.link;
    return bufferedBytes === 0 || bufferedBytes + bytes <= MAX_BUFFERED_BYTES;
  }

  #send(neighbour: Neighbour, frame: PieceFrame, nowMs: number): void {
    const { byteLength } = frame.bytes;
    this.#freeMs = Math.max(this.#freeMs, nowMs) + this.#tookMs(byteLength);
    neighbour.sentBytes += byteLength;
    this.#context.counters.uploadedBytes += byteLength;
    neighbour.link.send(frame);
  }

  #tookMs(bytes: number): number {
    return (bytes * PACKET_OVERHEAD * 8000) / this.#context.uplink.bps;
  }

  #pump(): void {
    this.#cancelPump = undefined;
    const nowMs = this.#context.clock.now();
    this.#filter(
      ({ queuedMs, neighbour, part }) => nowMs - queuedMs <= MAX_QUEUED_MS && (part.haveMask & neighbour.bit) === 0,
    );
    while (this.#freeMs - nowMs <= MAX_BACKLOG_MS) {
      const at = this.#first(nowMs);
      if (at < 0) break;
      const { neighbour, frame } = this.#queue[at]!;
      this.#queue.splice(at, 1);
      this.#queuedBytes -= frame.bytes.byteLength;
      this.#send(neighbour, frame, nowMs);
    }
    if (this.#queue.length > 0) this.#schedule(nowMs);
  }

  /** Of those whose link has room, the one that is due first. */
  #first(nowMs: number): number {
    let best = -1;
    let bestMs = Number.POSITIVE_INFINITY;
    for (let at = 0; at < this.#queue.length; at += 1) {
      const { neighbour, frame, dueMs } = this.#queue[at]!;
      if (dueMs >= bestMs || !this.#hasRoom(neighbour, frame.bytes.byteLength, nowMs)) continue;
      best = at;
      bestMs = dueMs;
    }
    return best;
  }

  #schedule(nowMs: number): void {
    if (this.#cancelPump !== undefined) return;
    const delayMs = Math.max(this.#freeMs - nowMs - MAX_BACKLOG_MS / 2, POLL_MS / 2);
    this.#cancelPump = this.#context.clock.after(delayMs, () => this.#pump());
  }

  #filter(keep: (queued: Queued) => boolean): void {
    let kept = 0;
    this.#queuedBytes = 0;
    for (const queued of this.#queue) {
      if (!keep(queued)) {
        queued.part.unmarkSent(queued.frame.index, queued.neighbour.bit);
        continue;
      }
      this.#queuedBytes += queued.frame.bytes.byteLength;
      this.#queue[kept] = queued;
      kept += 1;
    }
    this.#queue.length = kept;
  }
}
