import type { PeerLink, PeerPort } from "../swarm/swarm-types.ts";
import type { PeerId } from "../wire/peer-frame.ts";
import type { SimLink } from "./sim-link.ts";

export interface HostOptions {
  readonly id: PeerId;
  /** Bits per second of its access line, shared by its links. Default 1 Gbit/s each. */
  readonly uplinkBps?: number;
  readonly downlinkBps?: number;
  /** Mean of what each frame takes longer than the last, at random, on this access line. Default 0. */
  readonly jitterMs?: number;
  /** Share of packets lost on this access line. A channel is reliable: what is lost comes later. Default 0. */
  readonly lossRate?: number;
  /** Called as a connection opens; undefined refuses it. */
  accept(link: PeerLink): PeerPort | undefined;
}

/** A machine on the network: an access line, and the links over it. */
export class SimHost {
  readonly id: PeerId;
  readonly jitterMs: number;
  readonly lossRate: number;
  readonly links = new Set<SimLink>();
  readonly accept: (link: PeerLink) => PeerPort | undefined;
  /** Bytes that left over links, and that came over the line, packets and all. */
  sentBytes = 0;
  receivedBytes = 0;
  readonly #uplinkBytesPerMs: number;
  readonly #downlinkBytesPerMs: number;
  /** Until when each direction is busy with what it was given. */
  #upFreeMs = 0;
  #downFreeMs = 0;

  constructor(options: HostOptions) {
    this.id = options.id;
    this.jitterMs = options.jitterMs ?? 0;
    this.lossRate = options.lossRate ?? 0;
    this.accept = options.accept;
    this.#uplinkBytesPerMs = (options.uplinkBps ?? 1e9) / 8000;
    this.#downlinkBytesPerMs = (options.downlinkBps ?? 1e9) / 8000;
  }

  /** How long what was given to the uplink still takes. */
  uplinkBacklogMs(nowMs: number): number {
    return Math.max(0, this.#upFreeMs - nowMs);
  }

  /**
   * Puts bytes on the uplink; returns when the last has left. What is urgent (a frame of one packet) takes its share at once: flows
   * share a line fairly, so that one packet does not wait for the long messages of other flows.
   */
  upload(bytes: number, nowMs: number, urgent: boolean): number {
    const tookMs = bytes / this.#uplinkBytesPerMs;
    this.#upFreeMs = Math.max(this.#upFreeMs, nowMs) + tookMs;
    return urgent ? nowMs + tookMs : this.#upFreeMs;
  }

  /** Bytes whose last would come at `nowMs` over a line without limit; returns when it does. */
  download(bytes: number, nowMs: number): number {
    this.receivedBytes += bytes;
    const takesMs = bytes / this.#downlinkBytesPerMs;
    this.#downFreeMs = Math.max(this.#downFreeMs, nowMs - takesMs) + takesMs;
    return Math.max(nowMs, this.#downFreeMs);
  }
}
