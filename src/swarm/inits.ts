import { type Bytes, sameBytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import { MAX_INITS } from "./limits.ts";
import type { Neighbour } from "./neighbour.ts";
import type { SwarmContext } from "./swarm-context.ts";

const ANSWER_MS = 800;

interface Wanted {
  readonly digest: Bytes;
  askedMs: number;
  /** Neighbours that were asked already. */
  askedMask: number;
}

const isNone = (digest: Bytes): boolean => digest.every((byte) => byte === 0);
const nameOf = (digest: Bytes): string => Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Init segments, by the digest that headers name: a few, kept for others, asked for where they are missing. */
export class Inits {
  readonly #context: SwarmContext;
  readonly #known = new Map<string, Bytes>();
  readonly #wanted = new Map<string, Wanted>();
  #last: Bytes | undefined;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  provide(digest: Bytes, bytes: Bytes): void {
    const name = nameOf(digest);
    this.#wanted.delete(name);
    this.#known.delete(name);
    if (this.#known.size >= MAX_INITS) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(name, bytes);
  }

  /** Asks for it if it is not here. `from` told of it, and so is asked first. */
  want(digest: Bytes, from?: Neighbour): void {
    // Thousands of headers name the same one.
    if (this.#last !== undefined && sameBytes(this.#last, digest)) return;
    this.#last = digest;
    const name = nameOf(digest);
    if (isNone(digest) || this.#known.has(name) || this.#wanted.has(name)) return;
    // What nobody has given for so long is of parts that have gone by.
    const [oldest] = this.#wanted.keys();
    if (oldest !== undefined && this.#wanted.size >= MAX_INITS) this.#wanted.delete(oldest);
    const wanted: Wanted = { digest, askedMs: Number.NEGATIVE_INFINITY, askedMask: 0 };
    this.#wanted.set(name, wanted);
    this.#ask(wanted, from);
  }

  requested(neighbour: Neighbour, digest: Bytes): void {
    const bytes = this.#known.get(nameOf(digest));
    // Links lose nothing, so that nobody needs one twice: what is asked for again and again only costs our line.
    if (bytes !== undefined && neighbour.inits.take(1, this.#context.clock.now()))
      this.#context.tell(neighbour, { kind: "init", digest, bytes });
  }

  received(neighbour: Neighbour, { digest, bytes }: Extract<PeerFrame, { readonly kind: "init" }>): void {
    const name = nameOf(digest);
    if (!this.#wanted.has(name)) return;
    const passed = (): void => {
      if (!this.#wanted.has(name)) return;
      this.provide(digest, bytes);
      this.#context.options.listener.init(digest, bytes);
    };
    const failed = (thrown: unknown): void => {
      const error = RelayError.from(thrown);
      if (error.code === "unproven") this.#context.ban(neighbour, `init segment: ${error.message}`);
    };
    try {
      const outcome = this.#context.options.proof.init(digest, bytes);
      if (outcome === undefined) passed();
      else outcome.then(passed, failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  tick(nowMs: number): void {
    for (const wanted of this.#wanted.values()) if (nowMs - wanted.askedMs > ANSWER_MS) this.#ask(wanted);
  }

  left(neighbour: Neighbour): void {
    for (const wanted of this.#wanted.values()) wanted.askedMask &= ~neighbour.bit;
  }

  #ask(wanted: Wanted, from?: Neighbour): void {
    const ready = this.#context.neighbours.list.filter(({ isReady, uploads }) => isReady && uploads);
    let next = from ?? ready.find(({ bit }) => (wanted.askedMask & bit) === 0);
    if (next === undefined) {
      wanted.askedMask = 0;
      next = ready[0];
    }
    if (next === undefined) return;
    wanted.askedMs = this.#context.clock.now();
    wanted.askedMask |= next.bit;
    this.#context.tell(next, { kind: "init-request", digest: wanted.digest });
  }
}
