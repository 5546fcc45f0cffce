import type { PeerLink, PeerPort } from "../swarm/swarm-types.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import { frameSize } from "../wire/peer-frame-codec.ts";
import type { SimEvent } from "./event-heap.ts";
import { onWireBytes, packetsOf } from "./packets.ts";
import type { SimHost } from "./sim-host.ts";
import type { SimNetwork } from "./sim-network.ts";

/** A lost packet is sent again when the receiver tells of the gap, or, at the end of a burst, after this long. */
const RETRANSMIT_TIMEOUT_MS = 300;
const TIMEOUT_SHARE = 0.1;
/** Frames whose bytes have left are forgotten in one go. */
const FORGET_AFTER = 8;

export interface SimLinkOptions {
  readonly network: SimNetwork;
  readonly host: SimHost;
  readonly farHost: SimHost;
  readonly delayMs: number;
}

/** One end of a connection. What it sends comes out of the port of the other. */
export class SimLink implements PeerLink {
  readonly host: SimHost;
  readonly delayMs: number;
  /** The other end; set as soon as both are made. */
  far!: SimLink;
  port: PeerPort | undefined;
  isOpen = true;
  /** When the machine at the other end went down; it takes time until anybody knows. */
  cutMs: number | undefined;
  readonly network: SimNetwork;
  /** Of both access lines. */
  readonly #jitterMs: number;
  readonly #lossRate: number;
  /** When each frame will have left, and its bytes, in order. */
  #leaves: number[] = [];
  #sizes: number[] = [];
  #first = 0;
  #buffered = 0;
  #lastLeavesMs = 0;

  constructor({ network, host, farHost, delayMs }: SimLinkOptions) {
    this.network = network;
    this.host = host;
    this.delayMs = delayMs;
    this.#jitterMs = host.jitterMs + farHost.jitterMs;
    this.#lossRate = host.lossRate + farHost.lossRate;
  }

  get peer(): PeerId {
    return this.far.host.id;
  }

  get bufferedBytes(): number {
    const nowMs = this.network.clock.now();
    const leaves = this.#leaves;
    let first = this.#first;
    while (first < leaves.length && leaves[first]! <= nowMs) {
      this.#buffered -= this.#sizes[first]!;
      first += 1;
    }
    this.#first = first;
    if (first >= FORGET_AFTER) {
      leaves.splice(0, first);
      this.#sizes.splice(0, first);
      this.#first = 0;
    }
    return this.#buffered;
  }

  send(frame: PeerFrame): void {
    if (!this.isOpen) return;
    const sizeBytes = frameSize(frame);
    if (this.cutMs !== undefined) {
      // Nothing is acknowledged: after a first window nothing leaves any more.
      this.#buffered += sizeBytes;
      return;
    }
    const { clock, random } = this.network;
    const nowMs = clock.now();
    const packets = packetsOf(sizeBytes);
    const wireBytes = onWireBytes(sizeBytes);
    const leftMs = Math.max(this.host.upload(wireBytes, nowMs, packets === 1), this.#lastLeavesMs);
    this.#lastLeavesMs = leftMs;
    // One packet is gone by the time that anybody asks.
    if (packets > 1) {
      this.#leaves.push(leftMs);
      this.#sizes.push(sizeBytes);
      this.#buffered += sizeBytes;
      if (this.#leaves.length - this.#first > FORGET_AFTER) void this.bufferedBytes;
    }
    this.host.sentBytes += wireBytes;
    this.network.frameSent(frame, sizeBytes);
    let tookMs = this.delayMs;
    if (this.#jitterMs > 0) tookMs -= Math.log(1 - random()) * this.#jitterMs;
    if (this.#lossRate > 0 && random() < lossOf(packets, this.#lossRate)) {
      tookMs += 2 * this.delayMs + (random() < TIMEOUT_SHARE ? RETRANSMIT_TIMEOUT_MS : 0);
    }
    clock.schedule(Arrival.at(this.far, frame, wireBytes, leftMs), leftMs + tookMs);
  }

  /** What was sent before still arrives; then the other end is told. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.port = undefined;
    this.host.links.delete(this);
    const { clock } = this.network;
    const flushedMs = Math.max(this.#lastLeavesMs, clock.now()) + this.delayMs;
    clock.after(flushedMs - clock.now() + this.host.jitterMs * 4, () => this.far.lost());
  }

  /** The transport ends the connection: both ends are told. */
  sever(): void {
    const { port } = this;
    this.close();
    port?.closed();
  }

  /** The other end has closed, or has been found dead. */
  lost(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.host.links.delete(this);
    const { port } = this;
    this.port = undefined;
    port?.closed();
  }
}

/** Chance that any of so many packets is lost. */
const lossOf = (packets: number, rate: number): number => 1 - (packets === 1 ? 1 - rate : (1 - rate) ** packets);

/** Arrivals that are over, for use again: there are millions of them, each too old for the young generation when it is done. */
const spare: Arrival[] = [];

/** A frame on its way: at the access line of the receiver first, out of it when there is room. */
class Arrival implements SimEvent {
  atMs = 0;
  sequence = 0;
  next: SimEvent | undefined;
  #link: SimLink | undefined;
  #frame: PeerFrame | undefined;
  #wireBytes = 0;
  #leftMs = 0;
  #isIn = false;

  static at(link: SimLink, frame: PeerFrame, wireBytes: number, leftMs: number): Arrival {
    const arrival = spare.pop() ?? new Arrival();
    arrival.#link = link;
    arrival.#frame = frame;
    arrival.#wireBytes = wireBytes;
    arrival.#leftMs = leftMs;
    arrival.#isIn = false;
    return arrival;
  }

  fire(): void {
    const link = this.#link!;
    if (link.isOpen && (link.cutMs === undefined || this.#leftMs <= link.cutMs)) {
      if (!this.#isIn) {
        this.#isIn = true;
        const inMs = link.host.download(this.#wireBytes, this.atMs);
        if (inMs > this.atMs) {
          link.network.clock.schedule(this, inMs);
          return;
        }
      }
      link.port?.received(this.#frame!);
    }
    this.#link = undefined;
    this.#frame = undefined;
    spare.push(this);
  }
}
