import { type Bytes, sameBytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { StreamCard } from "../model/part-header.ts";
import { MAX_CARD_BYTES } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** The stream's card: the newest that proves goes to the page, and to all neighbours. */
export class Cards {
  readonly #context: SwarmContext;
  readonly #entered: (epoch: string) => void;
  #known: { readonly bytes: Bytes; readonly card: StreamCard } | undefined;
  #isClosed = false;

  /** `entered`: a peer's card proved, which is of this epoch. */
  constructor(context: SwarmContext, entered: (epoch: string) => void) {
    this.#context = context;
    this.#entered = entered;
  }

  /** Nothing is taken any more, from proofs that answer late either. */
  close(): void {
    this.#isClosed = true;
  }

  /** To a neighbour that has just come. */
  tell(neighbour: Neighbour): void {
    if (this.#known !== undefined) this.#context.tell(neighbour, { kind: "card", bytes: this.#known.bytes });
  }

  received(neighbour: Neighbour, bytes: Bytes): void {
    if (bytes.byteLength > MAX_CARD_BYTES) {
      this.#context.ban(neighbour, `sent a card of ${bytes.byteLength} bytes`);
      return;
    }
    if (this.#known !== undefined && sameBytes(this.#known.bytes, bytes)) return;
    const failed = (thrown: unknown): void => {
      const { code, message } = RelayError.from(thrown);
      if (code === "unproven") this.#context.ban(neighbour, `card: ${message}`);
    };
    try {
      const card = this.#context.options.proof.card(bytes);
      if (card instanceof Promise) card.then((proven) => this.take(bytes, proven, neighbour), failed);
      else this.take(bytes, card, neighbour);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** A card that is proven, or the page's own. */
  take(bytes: Bytes, card: StreamCard, from: Neighbour | undefined): void {
    if (this.#isClosed) return;
    const known = this.#known?.card;
    if (known !== undefined && known.epoch === card.epoch && card.revision <= known.revision) return;
    this.#known = { bytes, card };
    if (from !== undefined) {
      this.#entered(card.epoch);
      this.#context.options.listener.card(card);
    }
    for (const neighbour of this.#context.neighbours.list) {
      if (neighbour !== from && neighbour.isReady) this.#context.tell(neighbour, { kind: "card", bytes });
    }
  }
}
