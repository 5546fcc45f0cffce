import { type ByeReason, PEER_VERSION, type PeerFrame, type PeerId } from "../wire/peer-frame.ts";
import type { Committee } from "./committee.ts";
import type { Neighbour } from "./neighbour.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** A neighbour that is of no use gives way to a new one, so often at most, and not when it has just come. */
const REPLACE_MS = 10_000;
const USELESS_AFTER_MS = 20_000;
const AWAITED_AFTER_MS = 3000;
/** Of the neighbours, how many may be leaves. */
const LEAF_SHARE = 1 / 3;

/** Who may be a neighbour, and who gives way to another. */
export class Places {
  readonly #context: SwarmContext;
  readonly #committee: Pick<Committee, "members" | "rank">;
  #replacedMs: number;

  constructor(context: SwarmContext, committee: Pick<Committee, "members" | "rank">) {
    this.#context = context;
    this.#committee = committee;
    this.#replacedMs = context.clock.now();
  }

  /** Why one that says hello cannot stay; undefined where it can. */
  objection(neighbour: Neighbour, hello: Extract<PeerFrame, { readonly kind: "hello" }>): ByeReason | undefined {
    const { options, neighbours } = this.#context;
    if (hello.version !== PEER_VERSION) return "version";
    if (hello.peer !== neighbour.peer) return "bad-frame";
    if (hello.stream.some((byte, at) => byte !== options.stream[at])) return "other-stream";
    if (hello.uploads) return undefined;
    const leaves = neighbours.list.filter(({ isReady, uploads }) => isReady && !uploads).length;
    return leaves >= neighbours.max * LEAF_SHARE ? "full" : undefined;
  }

  /** The neighbour that is to go, so that a new one can show whether it is of more use. */
  takeUseless(comer: PeerId): Neighbour | undefined {
    const nowMs = this.#context.clock.now();
    const { members, rank } = this.#committee;
    // Those that fetch, or would, and the neighbours of who does, are to know each other.
    const isAwaited = rank >= 0 || members.includes(comer);
    if (!isAwaited && nowMs - this.#replacedMs < REPLACE_MS) return undefined;
    const useless = this.#context.neighbours.list
      .filter(
        ({ peer, parentMask, childMask, isSource, sinceMs }) =>
          parentMask === 0 &&
          childMask === 0 &&
          !isSource &&
          !members.includes(peer) &&
          nowMs - sinceMs > (isAwaited ? AWAITED_AFTER_MS : USELESS_AFTER_MS),
      )
      .sort((a, b) => b.delayMs - a.delayMs)[0];
    if (useless !== undefined) this.#replacedMs = nowMs;
    return useless;
  }
}
