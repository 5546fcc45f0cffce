import type { Clock } from "../../model/clock.ts";
import type { Fault } from "../../model/fault.ts";
import type { Fetch } from "../../reader/exchange.ts";
import type { PeerLink, PeerPort, SwarmPeer } from "../../swarm/swarm-types.ts";
import type { PeerId } from "../../wire/peer-frame.ts";

interface Slowed {
  readonly delayMs: number;
  readonly untilMs: number;
}

/** Frames of one slowed peer that may be on their way at once: more are lost, as on a line that is full. */
const MAX_DELAYED = 4096;

/**
 * The lines of a joined stream, to origin and peers, as somebody has broken them on purpose: cut for a while, or one of them slow. The
 * connections stay; what is sent over a line that is cut is lost, as where the network has gone.
 */
export class LineFaults {
  readonly #clock: Clock;
  readonly #slowed = new Map<PeerId, Slowed>();
  readonly #fetch: Fetch;
  #offlineUntilMs = Number.NEGATIVE_INFINITY;
  #delayed = 0;

  constructor(clock: Clock, fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {
    this.#clock = clock;
    this.#fetch = fetch;
  }

  /** What is no fault of lines changes nothing. */
  take(fault: Fault): void {
    if (fault.kind === "offline") this.#offlineUntilMs = this.#clock.now() + fault.durationMs;
    if (fault.kind !== "slow-peer") return;
    const { peer, delayMs, durationMs } = fault;
    // Those that are over say nothing any more.
    for (const [other, { untilMs }] of this.#slowed) if (untilMs < this.#clock.now()) this.#slowed.delete(other);
    this.#slowed.set(peer, { delayMs, untilMs: this.#clock.now() + durationMs });
  }

  /** Asks the origin over the line. */
  readonly fetch: Fetch = (url, init) =>
    this.#isOffline ? Promise.reject(new TypeError("the network was dropped on purpose")) : this.#fetch(url, init);

  /** Puts the swarm's links over the line. */
  over(swarm: SwarmPeer): SwarmPeer {
    const connect = swarm.connect.bind(swarm);
    swarm.connect = (link) => {
      const port = connect(this.#link(link));
      return port && this.#port(link.peer, port);
    };
    return swarm;
  }

  get #isOffline(): boolean {
    return this.#clock.now() < this.#offlineUntilMs;
  }

  #link(link: PeerLink): PeerLink {
    return {
      peer: link.peer,
      get bufferedBytes() {
        return link.bufferedBytes;
      },
      send: (frame) => {
        if (!this.#isOffline) link.send(frame);
      },
      close: () => link.close(),
    };
  }

  #port(peer: PeerId, port: PeerPort): PeerPort {
    return {
      received: (frame) => {
        if (this.#isOffline) return;
        const slowed = this.#slowed.get(peer);
        if (slowed === undefined || slowed.untilMs < this.#clock.now()) {
          port.received(frame);
          return;
        }
        if (this.#delayed >= MAX_DELAYED) return;
        this.#delayed += 1;
        this.#clock.after(slowed.delayMs, () => {
          this.#delayed -= 1;
          port.received(frame);
        });
      },
      malformed: (error) => port.malformed(error),
      closed: () => port.closed(),
    };
  }
}
