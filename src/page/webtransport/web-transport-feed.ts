import { CarriageSession } from "../../carriage/carriage-session.ts";
import { answerTo, HeldParts } from "../../carriage/held-parts.ts";
import type { SentPart } from "../../carriage/part-sender.ts";
import { type Bytes, sameBytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { onAbort } from "../../model/on-abort.ts";
import { type PartKey, PIECE_SIZE_BYTES, partNumber, type StreamCard } from "../../model/part-header.ts";
import { RelayLink } from "../../moq/relay-link.ts";
import { sha256 } from "../../swarm/proof/sha256.ts";
import type { Bundle } from "../../wire/bundle.ts";
import { decodeCard } from "../../wire/card-codec.ts";
import type { PeerFrame } from "../../wire/peer-frame.ts";
import type { RelayFeed, RelayFeedOptions } from "../session/relay-feed.ts";
import { type CarriageLink, connectCarriage } from "./web-transport-connection.ts";
import type { WebTransportSource } from "./web-transport-source.ts";

/** A part that has not come by then is not to be had. */
const FETCH_DEADLINE_MS = 1_500;
/** Parts that the swarm may wait for at once. */
const MAX_FETCHES = 256;
/** Parts that came before the card that tells of them. */
const MAX_EARLY_PARTS = 64;
/** A part is asked for whole: as many pieces as there can be. */
const ALL_PIECES = 512;

/** Watches a stream at a server of one's own, which sends parts as it has them, or to the swarm those that it asks for. */
export class WebTransportFeed implements RelayFeed {
  readonly #options: RelayFeedOptions;
  readonly #link: RelayLink<CarriageLink>;
  readonly #held = new HeldParts();
  #session: CarriageSession | undefined;
  #card: StreamCard | undefined;
  /** What came is taken in its order. */
  #queue: Promise<void> = Promise.resolve();
  #early: SentPart[] = [];
  /** By part: how to stop waiting for it. */
  readonly #fetches = new Map<string, () => void>();
  #bytes = 0;
  #parts = 0;
  #refused = 0;
  #lastRefusal: string | undefined;

  constructor(source: WebTransportSource, options: RelayFeedOptions, connect = connectCarriage) {
    const { clock, random, listener } = options;
    this.#options = options;
    this.#link = new RelayLink({
      relays: [(signal) => connect(source, signal)],
      clock,
      random,
      trouble: (error) => listener.trouble(error),
    });
  }

  get stats(): RelayFeed["stats"] {
    const { relay, lastError, ...link } = this.#link.stats;
    const lastRefusal = this.#lastRefusal ?? lastError;
    const isPushed = link.state === "open" && this.#options.swarm === undefined;
    return {
      bytes: this.#bytes,
      parts: this.#parts,
      relay: {
        ...link,
        url: relay,
        subscriptions: isPushed ? 1 : 0,
        refused: this.#refused,
        ...(lastRefusal === undefined ? {} : { lastRefusal }),
      },
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#link.run(signal, (link, over) => this.#watch(link, over));
    } finally {
      for (const forget of this.#fetches.values()) forget();
    }
  }

  fetch(key: PartKey, signal: AbortSignal): void {
    const { clock, swarm } = this.#options;
    const id = idOf(key);
    if (this.#session === undefined || this.#fetches.size >= MAX_FETCHES) {
      swarm?.fetchFailed(key);
      return;
    }
    this.#fetches.get(id)?.();
    const forget = (): void => {
      cancel();
      forgetAbort();
      this.#fetches.delete(id);
    };
    const cancel = clock.after(FETCH_DEADLINE_MS, () => this.#failed(key));
    const forgetAbort = onAbort(signal, forget);
    this.#fetches.set(id, forget);
    const pieces = { first: 0, count: ALL_PIECES, known: false, withinMs: FETCH_DEADLINE_MS };
    this.#session.say({ kind: "request", key, ...pieces });
  }

  async #watch({ carrier }: CarriageLink, over: AbortSignal): Promise<void> {
    const session: CarriageSession = new CarriageSession({
      transport: carrier,
      opens: true,
      self: crypto.randomUUID().slice(0, 8),
      source: false,
      clock: this.#options.clock,
      listener: {
        hello: () => this.#start(session),
        frame: (frame) => this.#hear(frame),
        bundle: (bundle) => {
          this.#queue = this.#queue
            .then(() => this.#take(bundle, session))
            .catch((thrown: unknown) => this.#refuse(RelayError.from(thrown)));
        },
      },
    });
    const forget = onAbort(over, () => session.close());
    try {
      await session.run();
    } finally {
      forget();
      this.#session = undefined;
    }
  }

  #start(session: CarriageSession): void {
    this.#session = session;
    for (const frame of this.#held.frames()) session.say(frame);
    // With a swarm, only what it asks for.
    session.say({ kind: "subscribe", of: 1, substreams: this.#options.swarm === undefined ? 1 : 0 });
  }

  #hear(frame: PeerFrame): void {
    const { swarm } = this.#options;
    if (frame.kind === "refuse") {
      this.#failed(frame.key);
      return;
    }
    if (frame.kind !== "have") return;
    for (const { first, last } of frame.ranges) {
      // Which parts a segment has is not known here: a range within one is all that can be told.
      if (first.msn !== last.msn) continue;
      for (let part = first.part; part <= last.part; part += 1) {
        swarm?.announce({ rendition: frame.rendition, msn: first.msn, part });
      }
    }
  }

  async #take(bundle: Bundle, session: CarriageSession): Promise<void> {
    switch (bundle.kind) {
      case "card":
        await this.#takeCard(bundle.bytes, session);
        return;
      case "init":
        await this.#takeInit(bundle);
        return;
      case "part":
        await this.#takePart(bundle, session);
    }
  }

  async #takeCard(bytes: Bytes, session: CarriageSession): Promise<void> {
    const { proof, swarm, listener } = this.#options;
    const card = proof === undefined ? decodeCard(bytes).card : await proof.card(bytes);
    const before = this.#card;
    if (before?.epoch === card.epoch && before.revision >= card.revision) return;
    if (before !== undefined && before.epoch !== card.epoch) this.#held.clear();
    this.#card = card;
    swarm?.setCard(bytes, card);
    await listener.card(card).catch(() => undefined); // the listener knows what to do about it
    for (const part of this.#early.splice(0)) await this.#takePart(part, session);
  }

  async #takeInit({ digest, bytes }: Extract<Bundle, { kind: "init" }>): Promise<void> {
    const { swarm, listener } = this.#options;
    if (!sameBytes(await sha256(bytes), digest)) {
      throw new RelayError("unproven", "an init segment: expected the digest that was said, got another");
    }
    listener.init(digest, bytes);
    swarm?.provideInit(digest, bytes);
  }

  async #takePart(part: SentPart, session: CarriageSession): Promise<void> {
    const { header } = part.signed;
    if (this.#card?.epoch !== header.epoch) {
      // Streams overtake each other: its card may be on its way.
      this.#early = [...this.#early, part].slice(-MAX_EARLY_PARTS);
      return;
    }
    const key = { rendition: header.rendition, msn: header.msn, part: header.part };
    // It may come again after a connection was lost.
    if (this.#held.has(key)) {
      session.say(answerTo(key));
      return;
    }
    try {
      await this.#prove(part);
    } catch (thrown) {
      session.say({ kind: "refuse", key });
      this.#failed(key);
      throw thrown;
    }
    this.#held.add(key);
    session.say(answerTo(key));
    this.#give(key, part);
  }

  async #prove({ signed, bytes }: SentPart): Promise<void> {
    const { proof } = this.#options;
    await proof?.header(signed);
    const pieceAt = (index: number): Bytes => bytes.subarray(index * PIECE_SIZE_BYTES, (index + 1) * PIECE_SIZE_BYTES);
    await Promise.all(signed.pieces.map((_, index) => proof?.piece(signed, index, pieceAt(index))));
  }

  #give(key: PartKey, { signed, bytes }: SentPart): void {
    const { swarm, listener } = this.#options;
    this.#fetches.get(idOf(key))?.();
    if (swarm !== undefined) {
      // It counts what it was given, and tells of it as of what came from peers.
      swarm.provide(signed, bytes, "origin");
      return;
    }
    this.#bytes += bytes.byteLength;
    this.#parts += 1;
    listener.part({ key, signed, bytes, source: "origin", delayMs: 0 });
  }

  #failed(key: PartKey): void {
    const forget = this.#fetches.get(idOf(key));
    forget?.();
    if (forget !== undefined) this.#options.swarm?.fetchFailed(key);
  }

  #refuse(error: RelayError): void {
    this.#refused += 1;
    this.#lastRefusal = `${error.code}: ${error.message}`;
  }
}

const idOf = (key: PartKey): string => `${key.rendition} ${partNumber(key)}`;
