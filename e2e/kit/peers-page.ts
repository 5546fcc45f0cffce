import { type PeersOptions, peers } from "eddy-hls";
import type { PeerFailure } from "../../src/page/peers/peer-failures.ts";
import type { PeerTransport } from "../../src/page/peers/peer-transport.ts";
import type { PeerLink } from "../../src/swarm/swarm-types.ts";
import type { PeerFrame } from "../../src/wire/peer-frame.ts";

/** What of one peer has come, and the link to it. */
interface Neighbour {
  readonly link: PeerLink;
  readonly received: PeerFrame[];
}

/** In the place of a swarm: takes every link and keeps what comes. */
class Listener {
  readonly neighbours = new Map<string, Neighbour>();
  readonly malformed: string[] = [];
  readonly failures: PeerFailure[] = [];
  /** Most at a time. */
  most = 0;
  transport: PeerTransport | undefined;

  async join(room: string, options: PeersOptions): Promise<string> {
    const transport = await peers(options).open(room, (failure) => this.failures.push(failure));
    this.transport = transport;
    transport.start({
      alone: () => undefined,
      maxNeighbours: transport.config.maxNeighbours,
      idleNeighbours: 0,
      connect: (link) => {
        const received: PeerFrame[] = [];
        this.neighbours.set(link.peer, { link, received });
        this.most = Math.max(this.most, this.neighbours.size);
        return {
          received: (frame) => received.push(frame),
          malformed: (error) => this.malformed.push(error.message),
          closed: () => this.neighbours.delete(link.peer),
        };
      },
    });
    return transport.self;
  }

  /** Sends so many frames with so many bytes of media, each filled with its number, to everybody. */
  send(count: number, sizeBytes: number): void {
    for (const { link } of this.neighbours.values()) {
      for (let n = 0; n < count; n++) {
        link.send({ kind: "init", digest: new Uint8Array(32), bytes: new Uint8Array(sizeBytes).fill(n) });
      }
    }
  }

  /** Sends these bytes in the place of a frame. */
  lie(bytes: readonly number[]): void {
    const { send } = RTCDataChannel.prototype;
    RTCDataChannel.prototype.send = function (this: RTCDataChannel) {
      send.call(this, new Uint8Array(bytes));
    };
    for (const { link } of this.neighbours.values()) link.send({ kind: "ping", token: 1 });
    RTCDataChannel.prototype.send = send;
  }

  /** Of each peer: how many frames of this size are whole and as they were sent, each number once. */
  whole(sizeBytes: number): readonly number[] {
    return [...this.neighbours.values()].map(({ received }) => {
      const numbers = new Set<number>();
      for (const frame of received) {
        if (frame.kind !== "init" || frame.bytes.byteLength !== sizeBytes) continue;
        const [number = -1] = frame.bytes;
        if (frame.bytes.every((byte) => byte === number)) numbers.add(number);
      }
      return numbers.size;
    });
  }
}

declare global {
  interface Window {
    listener: Listener;
  }
}

window.listener = new Listener();
