import type { PartKey } from "../model/part-header.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Neighbour } from "./neighbour.ts";
import { settle } from "./proving.ts";
import type { SwarmContext } from "./swarm-context.ts";

type Header = Extract<PeerFrame, { readonly kind: "header" }>;

/** How often one neighbour is asked for the header of what it tells of, and how long that may take. */
const ASK_EVERY_MS = 1000;
const WITHIN_MS = 1500;

export interface LeapEvents {
  readonly proven: (neighbour: Neighbour, frame: Header) => void;
  readonly failed: (neighbour: Neighbour, thrown: unknown) => void;
}

/**
 * Where no playlist tells where the stream is, a viewer that was away, or first heard of old parts, finds it again: what the key has signed
 * is believed, however far it is ahead of what was proven before.
 */
export class Leaps {
  readonly #context: SwarmContext;
  readonly #events: LeapEvents;
  /** One at a time: who sends many that do not prove is banned with the first. */
  #isProving = false;

  constructor(context: SwarmContext, events: LeapEvents) {
    this.#context = context;
    this.#events = events;
  }

  /** A neighbour tells of this part: if it is far ahead, its header is to prove that it is there. */
  told(neighbour: Neighbour, key: PartKey): void {
    const nowMs = this.#context.clock.now();
    if (!this.#context.parts.isFarAhead(key) || nowMs - neighbour.leapAskedMs < ASK_EVERY_MS) return;
    neighbour.leapAskedMs = nowMs;
    this.#context.tell(neighbour, { kind: "request", key, first: 0, count: 0, known: false, withinMs: WITHIN_MS });
  }

  /** A header that there is no place for. */
  header(neighbour: Neighbour, frame: Header): void {
    const { options, parts, clock } = this.#context;
    if (this.#isProving || !parts.isFarAhead(frame.signed.header)) return;
    this.#isProving = true;
    settle(
      () => options.proof.header(frame.signed),
      () => {
        this.#isProving = false;
        const part = parts.openPart(frame.signed.header, clock.now(), "playlist");
        if (part === undefined || neighbour.isGone) return;
        parts.proven(part);
        this.#events.proven(neighbour, frame);
      },
      (thrown) => {
        this.#isProving = false;
        this.#events.failed(neighbour, thrown);
      },
    );
  }
}
