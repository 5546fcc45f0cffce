import type { Neighbour } from "./neighbour.ts";
import type { SwarmContext } from "./swarm-context.ts";

const PING_MS = 4000;
/** A line that was full is to be known as soon as it is not any more, and one that fills, by its nearest too. */
const PING_SLOW_MS = 1000;
/** Of the shorter of the two, what chance adds: not all at once. */
const SPREAD = 0.2;
/** What held up an answer once may be over: a short time is believed sooner than a long one. */
const SHORTER_WEIGHT = 0.7;
const LONGER_WEIGHT = 0.3;

/** How long the way is to each neighbour and back. */
export class RoundTrips {
  readonly #context: SwarmContext;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  tick(nowMs: number): void {
    const { list, isMostlySlow } = this.#context.neighbours;
    for (const neighbour of list) {
      const everyMs = neighbour.isSlow || isMostlySlow ? PING_SLOW_MS : PING_MS;
      if (neighbour.pingedMs !== undefined) neighbour.roundTripIsAtLeast(nowMs - neighbour.pingedMs);
      else if (neighbour.isReady && nowMs - neighbour.pingSentMs > everyMs) this.ping(neighbour, nowMs);
    }
  }

  ping(neighbour: Neighbour, nowMs: number): void {
    const { random } = this.#context.options;
    neighbour.pingToken = Math.floor(random() * 2 ** 32);
    neighbour.pingSentMs = nowMs + PING_SLOW_MS * SPREAD * random();
    neighbour.pingedMs = nowMs;
    this.#context.tell(neighbour, { kind: "ping", token: neighbour.pingToken });
  }

  answered(neighbour: Neighbour, token: number, nowMs: number): void {
    if (token !== neighbour.pingToken || neighbour.pingedMs === undefined) return;
    const tookMs = nowMs - neighbour.pingedMs;
    neighbour.pingedMs = undefined;
    const knownMs = neighbour.roundTripMs ?? tookMs;
    neighbour.roundTripMs = knownMs + (tookMs - knownMs) * (tookMs < knownMs ? SHORTER_WEIGHT : LONGER_WEIGHT);
  }
}
