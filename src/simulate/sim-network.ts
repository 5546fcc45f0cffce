import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Random } from "./random.ts";
import { type HostOptions, SimHost } from "./sim-host.ts";
import { SimLink } from "./sim-link.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What was sent, by kind of frame. */
export interface FrameCount {
  frames: number;
  bytes: number;
}

export interface NetworkOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
}

/**
 * Hosts and the links between them, over virtual time. A link is an unordered, reliable channel; the access lines are what is narrow
 * (the core of the network is not), and no congestion window limits one flow.
 */
export class SimNetwork {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly #sent = new Map<PeerFrame["kind"], FrameCount>();

  constructor({ clock, random }: NetworkOptions) {
    this.clock = clock;
    this.random = random;
  }

  /** By kind, as encoded, without what packets add. */
  get sent(): ReadonlyMap<PeerFrame["kind"], Readonly<FrameCount>> {
    return this.#sent;
  }

  host(options: HostOptions): SimHost {
    return new SimHost(options);
  }

  /** Opens a connection now; false if one of them refused it. */
  connect(a: SimHost, b: SimHost, { delayMs }: { readonly delayMs: number }): boolean {
    const near = new SimLink({ network: this, host: a, farHost: b, delayMs });
    const far = new SimLink({ network: this, host: b, farHost: a, delayMs });
    near.far = far;
    far.far = near;
    a.links.add(near);
    b.links.add(far);
    for (const link of [near, far]) {
      if (!link.isOpen) return false;
      link.port = link.host.accept(link);
      if (link.port !== undefined) continue;
      link.close();
      return false;
    }
    return near.isOpen && far.isOpen;
  }

  /** A host that is gone without a word: its peers find out after a while, each at its own time. */
  crash(host: SimHost, detectionMs: () => number): void {
    for (const link of host.links) {
      link.far.cutMs = this.clock.now();
      link.isOpen = false;
      link.port = undefined;
      this.clock.after(detectionMs(), () => link.far.lost());
    }
    host.links.clear();
  }

  /** Closes every link of a host: what it sent before still arrives. */
  leave(host: SimHost): void {
    for (const link of [...host.links]) link.close();
  }

  frameSent(frame: PeerFrame, sizeBytes: number): void {
    const count = this.#sent.get(frame.kind);
    if (count === undefined) this.#sent.set(frame.kind, { frames: 1, bytes: sizeBytes });
    else {
      count.frames += 1;
      count.bytes += sizeBytes;
    }
  }
}
