import type { Children } from "./children.ts";
import { SUBSTREAMS, substreamOf } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** Who has just come asks for what was pushed before it was there. */
const SETTLED_MS = 1000;
/** Older parts are asked for to catch up. */
const FRESH_MS = 2000;
/** Complaints of so long a time are taken together: one who was refused asks again after a while. */
const WINDOW_MS = 2000;
/** One who comes for so many parts in it gets the sub-stream from nobody. */
const MANY_PARTS = 3;

/** Of which parts of a sub-stream each neighbour has complained lately. */
interface Complaints {
  sinceMs: number;
  readonly parts: Map<Neighbour, Set<number>>;
}

/**
 * Whether those that the publisher pushes a sub-stream to pass it on. It cannot see that; but where most of all come to ask for what they
 * were to have of those few, the few keep it to themselves, or send something else, and one of them gives up its place.
 */
export class Seeds {
  readonly #context: SwarmContext;
  readonly #children: Pick<Children, "giveUp">;
  readonly #complaints: readonly Complaints[] = Array.from({ length: SUBSTREAMS }, () => ({
    sinceMs: 0,
    parts: new Map<Neighbour, Set<number>>(),
  }));

  constructor(context: SwarmContext, children: Pick<Children, "giveUp">) {
    this.#context = context;
    this.#children = children;
  }

  /** A neighbour asks for pieces of a part that is here. */
  requested(neighbour: Neighbour, part: PartAssembly, first: number, end: number): void {
    const nowMs = this.#context.clock.now();
    if (nowMs - part.wholeMs > FRESH_MS || !hasVoice(neighbour, nowMs)) return;
    for (let index = first; index < end && index < first + SUBSTREAMS; index += 1) {
      const substream = substreamOf(part.key, index);
      if (((neighbour.childMask >> substream) & 1) === 1) continue;
      const complaints = this.#complaints[substream]!;
      if (nowMs - complaints.sinceMs > WINDOW_MS) forget(complaints, nowMs);
      const parts = complaints.parts.get(neighbour) ?? new Set();
      complaints.parts.set(neighbour, parts.add(part.id));
      if (parts.size < MANY_PARTS || !this.#isOfMost(complaints, nowMs)) continue;
      forget(complaints, nowMs);
      this.#children.giveUp(substream);
    }
  }

  /** Of those too that it is pushed to: fewer than half can lie as they like, and put nobody out. */
  #isOfMost({ parts }: Complaints, nowMs: number): boolean {
    const all = this.#context.neighbours.list.filter((neighbour) => hasVoice(neighbour, nowMs));
    return 2 * all.filter((neighbour) => (parts.get(neighbour)?.size ?? 0) >= MANY_PARTS).length > all.length;
  }
}

function forget(complaints: Complaints, nowMs: number): void {
  complaints.sinceMs = nowMs;
  complaints.parts.clear();
}

/** Who was found to keep things to itself has no say in who else does. */
function hasVoice({ isReady, sinceMs, seedDeniedUntilMs }: Neighbour, nowMs: number): boolean {
  return isReady && nowMs - sinceMs > SETTLED_MS && nowMs > seedDeniedUntilMs;
}
