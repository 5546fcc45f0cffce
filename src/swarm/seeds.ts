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

/** Who has complained of a sub-stream lately, and of which parts. */
interface Complaints {
  sinceMs: number;
  mask: number;
  readonly parts: Set<number>;
}

/**
 * Whether those that the publisher pushes a sub-stream to pass it on. It cannot see that; but where most of the others come to ask for what each
 * of them was to have of those few, the few keep it to themselves, or send something else, and one of them gives up its place.
 */
export class Seeds {
  readonly #context: SwarmContext;
  readonly #children: Pick<Children, "giveUp">;
  readonly #complaints: readonly Complaints[] = Array.from({ length: SUBSTREAMS }, () => ({
    sinceMs: 0,
    mask: 0,
    parts: new Set<number>(),
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
      complaints.mask |= neighbour.bit;
      complaints.parts.add(part.id);
      // Once is nothing: a piece may be late for many.
      if (complaints.parts.size < 2 || !this.#isOfMost(complaints.mask, substream, nowMs)) continue;
      forget(complaints, nowMs);
      this.#children.giveUp(substream);
    }
  }

  #isOfMost(mask: number, substream: number, nowMs: number): boolean {
    const others = this.#context.neighbours.list.filter(
      (neighbour) => hasVoice(neighbour, nowMs) && ((neighbour.childMask >> substream) & 1) === 0,
    );
    return 2 * others.filter(({ bit }) => (mask & bit) !== 0).length > others.length;
  }
}

function forget(complaints: Complaints, nowMs: number): void {
  complaints.sinceMs = nowMs;
  complaints.mask = 0;
  complaints.parts.clear();
}

/** Who was found to keep things to itself has no say in who else does. */
function hasVoice({ isReady, sinceMs, seedDeniedUntilMs }: Neighbour, nowMs: number): boolean {
  return isReady && nowMs - sinceMs > SETTLED_MS && nowMs > seedDeniedUntilMs;
}
