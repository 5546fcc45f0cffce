import type { Clock } from "../model/clock.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Neighbours } from "./neighbours.ts";
import type { PartWindow } from "./part-window.ts";
import type { SwarmOptions } from "./swarm-types.ts";
import type { Uplink } from "./uplink.ts";

/** What the parts of a swarm share. */
export interface SwarmContext {
  readonly options: SwarmOptions;
  readonly clock: Clock;
  readonly neighbours: Neighbours;
  readonly parts: PartWindow;
  readonly counters: SwarmCounters;
  readonly rate: StreamRate;
  readonly uplink: Uplink;
  /** Sends what is not media, at once. */
  tell(neighbour: Neighbour, frame: PeerFrame): void;
  /** Ends the connection for the rest of the session. */
  ban(neighbour: Neighbour, reason: string): void;
}

export class SwarmCounters {
  peerParts = 0;
  originParts = 0;
  ownParts = 0;
  missedParts = 0;
  peerBytes = 0;
  /** When the last piece came that proved. */
  pieceMs = Number.NEGATIVE_INFINITY;
  originBytes = 0;
  uploadedBytes = 0;
  wastedBytes = 0;
  controlBytes = 0;
}

/** A guess until parts are seen. */
const GUESSED_BPS = 2_000_000;
const WEIGHT = 0.1;

/** Bits per second of the stream, all renditions of it, as its parts go by. */
export class StreamRate {
  #bytes = 0;
  #durationMs = 0;
  #renditions = 1;

  get bps(): number {
    if (this.#durationMs === 0) return GUESSED_BPS;
    return Math.max(8000, (this.#bytes * 8000 * this.#renditions) / this.#durationMs);
  }

  /** Mean length of a part. */
  get partMs(): number {
    return this.#durationMs === 0 ? 333 : this.#durationMs;
  }

  part(rendition: number, sizeBytes: number, durationMs: number): void {
    if (rendition >= this.#renditions) this.#renditions = rendition + 1;
    const weight = this.#durationMs === 0 ? 1 : WEIGHT;
    this.#bytes += (sizeBytes - this.#bytes) * weight;
    this.#durationMs += (durationMs - this.#durationMs) * weight;
  }
}
