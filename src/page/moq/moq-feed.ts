import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { type PartKey, PIECE_SIZE_BYTES, partNumber, type StreamCard } from "../../model/part-header.ts";
import type { Catalog } from "../../moq/catalog.ts";
import type { CarriedPart } from "../../moq/header-pairs.ts";
import type { MoqConnect, MoqSession } from "../../moq/moq-session.ts";
import { MoqWatch } from "../../moq/moq-watch.ts";
import { RelayLink } from "../../moq/relay-link.ts";
import { SignedStream } from "../../moq/signed-stream.ts";
import type { TrackListener } from "../../moq/track-reader.ts";
import { sha256 } from "../../swarm/proof/sha256.ts";
import { decodeCard } from "../../wire/card-codec.ts";
import { followedRenditions } from "../session/followed-renditions.ts";
import type { RelayFeed, RelayFeedOptions } from "../session/relay-feed.ts";
import { MeasuredFeed } from "./measured-feed.ts";
import { connectMoq } from "./moq-connection.ts";
import type { MoqSource } from "./moq-source.ts";

/** Media is subscribed to for so long after the swarm has asked for a part: who fetches for others asks for each. */
const HOLD_MS = 2_000;
/** A part that has not come by then is not to be had. */
const FETCH_DEADLINE_MS = 1_500;
/** Parts that the swarm may wait for at once. */
const MAX_FETCHES = 256;
const CARD_PRIORITY = 250;
/** How long what came may be on its way to the player. */
const LOST_AFTER_MS = 100;
/** A player wants a segment or two to begin with; of a swarm, peers have them. */
const BACK_SEGMENTS = 2;
/** What comes while the stream is opened here. */
const MAX_QUEUED = 1_024;

/** Watches a stream at relays of Media over QUIC: one that is signed, by its headers, any other by what its media tells. */
export class MoqFeed implements RelayFeed {
  readonly #options: RelayFeedOptions;
  readonly #link: RelayLink<MoqSession>;
  readonly #watch: MoqWatch;
  #signed: SignedStream | undefined;
  #measured: MeasuredFeed | undefined;
  #card: StreamCard | undefined;
  #cardTrack: string | undefined;
  readonly #cardListener: TrackListener;
  /** Cards are taken one after the other. */
  #cards: Promise<void> = Promise.resolve();
  /** Waits for the stream to be open here. */
  #queue: (() => void)[] | undefined;
  #opening = 0;
  /** By part: how to stop waiting for it. */
  readonly #fetches = new Map<string, { readonly key: PartKey; readonly forget: () => void }>();
  #heldUntilMs = 0;
  #cancelRelease: (() => void) | undefined;
  #bytes = 0;
  #parts = 0;
  #refused = 0;
  #lastRefusal: string | undefined;

  constructor(source: MoqSource, options: RelayFeedOptions, connect = connectMoq) {
    const { clock, random, listener, name } = options;
    this.#options = options;
    this.#cardListener = {
      object: (_group, _index, bytes) => {
        this.#cards = this.#cards
          .then(() => this.#takeCard(bytes))
          .catch((thrown: unknown) => this.#refuseCard(RelayError.from(thrown)));
      },
      groupEnded: () => undefined,
      groupLost: () => undefined,
      refused: (error) => this.#refuse(error),
    };
    const relays = source.relays.map(
      (relay): MoqConnect =>
        (signal) =>
          connect(relay, signal),
    );
    this.#link = new RelayLink({ relays, clock, random, trouble: (error) => listener.trouble(error) });
    this.#watch = new MoqWatch({
      name: source.name ?? name,
      clock,
      random,
      catalog: (catalog) => this.#catalog(catalog),
      refused: (error) => this.#refuse(error),
    });
  }

  get stats(): RelayFeed["stats"] {
    const { state, relay, transport, version, connectMs, sessions } = this.#link.stats;
    return {
      bytes: this.#bytes,
      parts: this.#parts,
      relay: {
        state,
        url: relay,
        sessions,
        subscriptions: this.#subscriptions,
        refused: this.#refused,
        ...(transport === undefined ? {} : { transport }),
        ...(version === undefined ? {} : { version }),
        ...(connectMs === undefined ? {} : { connectMs }),
        ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
      },
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#link.run(signal, (session, over) => this.#watch.run(session, over));
    } finally {
      this.#cancelRelease?.();
      this.#measured?.close();
      for (const { forget } of this.#fetches.values()) forget();
    }
  }

  fetch(key: PartKey, signal: AbortSignal): void {
    const { clock, swarm } = this.#options;
    if (swarm === undefined) return;
    const id = idOf(key);
    if (this.#signed === undefined || this.#fetches.size >= MAX_FETCHES) {
      swarm.fetchFailed(key);
      return;
    }
    const forget = (): void => {
      cancel();
      signal.removeEventListener("abort", forget);
      this.#fetches.delete(id);
    };
    const cancel = clock.after(FETCH_DEADLINE_MS, () => {
      forget();
      swarm.fetchFailed(key);
    });
    this.#fetches.get(id)?.forget();
    this.#fetches.set(id, { key, forget });
    signal.addEventListener("abort", forget, { once: true });
    this.#hold();
  }

  /** Media that is subscribed to, without headers and cards. */
  get #subscriptions(): number {
    const beside = this.#signed === undefined ? 0 : 1 + this.#signed.tracks(false).length;
    return Math.max(0, this.#watch.subscriptions - beside);
  }

  #catalog(catalog: Catalog): void {
    const { swarm, listener } = this.#options;
    for (const { init } of catalog.tracks) {
      void sha256(init).then((digest) => {
        listener.init(digest, init);
        swarm?.provideInit(digest, init);
      });
    }
    if (catalog.card !== undefined) {
      this.#measured?.close();
      this.#measured = undefined;
      this.#cardTrack = catalog.card;
      this.#want();
      return;
    }
    this.#cardTrack = undefined;
    this.#signed = undefined;
    if (this.#measured?.isOf(catalog.tracks) === true) return;
    const epoch = this.#measured?.nextEpoch ?? 0;
    this.#measured?.close();
    this.#measured = new MeasuredFeed({
      tracks: catalog.tracks,
      name: this.#options.name,
      firstEpoch: epoch,
      clock: this.#options.clock,
      listener: {
        card: (card) => void this.#open(card),
        list: (key, torn) => this.#then(() => listener.list(key, torn)),
        part: (part) => {
          this.#count(part.bytes);
          this.#then(() => listener.part(part));
        },
        miss: (key) => this.#then(() => listener.miss(key)),
        refused: (error) => this.#refuse(error),
        changed: () => this.#want(),
      },
    });
    this.#want();
  }

  #want(): void {
    const measured = this.#measured;
    if (measured !== undefined) {
      this.#watch.want(measured.tracks(), measured.partTargetMs);
      return;
    }
    if (this.#cardTrack === undefined) return;
    const card = {
      name: this.#cardTrack,
      priority: CARD_PRIORITY,
      from: () => undefined,
      listener: this.#cardListener,
    };
    const { partTargetMs = 500 } = this.#card?.options ?? {};
    this.#watch.want([card, ...(this.#signed?.tracks(this.#wantsMedia) ?? [])], partTargetMs);
  }

  /** With a swarm, only while it asks. */
  get #wantsMedia(): boolean {
    return this.#options.swarm === undefined || this.#options.clock.now() < this.#heldUntilMs;
  }

  async #takeCard(bytes: Bytes): Promise<void> {
    const { proof, swarm, last } = this.#options;
    const card = proof === undefined ? decodeCard(bytes).card : await proof.card(bytes);
    swarm?.setCard(bytes, card);
    const before = this.#card;
    if (before?.epoch === card.epoch && before.revision >= card.revision) return;
    this.#card = card;
    // Where this viewer was is known once the stream is open here.
    await this.#open(card);
    if (this.#signed !== undefined && before?.epoch === card.epoch) return;
    this.#signed = new SignedStream({
      card,
      renditions: followedRenditions(card.options.renditions, swarm !== undefined),
      back: swarm === undefined ? BACK_SEGMENTS : 0,
      from: (rendition) =>
        this.#from(rendition, last(rendition)?.epoch === card.epoch ? last(rendition)?.msn : undefined),
      announced: (key) => swarm?.announce(key),
      lost: (rendition, msn) => this.#lost(rendition, msn),
      part: (part) => this.#carried(part),
      refused: (error) => this.#refuse(error),
    });
    this.#want();
  }

  /** Nobody waits for what would come next, where that is in a segment whose rest will not come. */
  #lost(rendition: number, msn: number): void {
    const { clock, last, listener, swarm } = this.#options;
    if (swarm !== undefined) return;
    // What came is still being proven, or is in the worker's hands.
    clock.after(LOST_AFTER_MS, () => {
      const at = last(rendition);
      if (at?.msn === msn) listener.miss({ rendition, msn, part: at.part + 1 });
    });
  }

  /** What the swarm waits for, or where this viewer was. */
  #from(rendition: number, left: number | undefined): number | undefined {
    const asked = [...this.#fetches.values()]
      .filter(({ key }) => key.rendition === rendition)
      .map(({ key }) => key.msn);
    return asked.length === 0 ? left : Math.min(...asked);
  }

  #carried({ signed, bytes }: CarriedPart): void {
    const { proof } = this.#options;
    if (proof === undefined) {
      this.#give({ signed, bytes });
      return;
    }
    this.#prove({ signed, bytes }).catch((thrown: unknown) => {
      const waiting = this.#fetches.get(idOf(signed.header));
      waiting?.forget();
      if (waiting !== undefined) this.#options.swarm?.fetchFailed(waiting.key);
      this.#refuse(RelayError.from(thrown));
    });
  }

  async #prove({ signed, bytes }: CarriedPart): Promise<void> {
    const { proof } = this.#options;
    await proof?.header(signed);
    const pieceAt = (index: number): Bytes => bytes.subarray(index * PIECE_SIZE_BYTES, (index + 1) * PIECE_SIZE_BYTES);
    await Promise.all(signed.pieces.map((_, index) => proof?.piece(signed, index, pieceAt(index))));
    this.#give({ signed, bytes });
  }

  #give({ signed, bytes }: CarriedPart): void {
    const { swarm, listener } = this.#options;
    const { header } = signed;
    this.#fetches.get(idOf(header))?.forget();
    if (swarm !== undefined) {
      // It counts what it was given, and tells of it as of what came from peers.
      swarm.provide(signed, bytes, "origin");
      return;
    }
    this.#count(bytes);
    this.#then(() => listener.part({ key: header, signed, bytes, source: "origin", delayMs: 0 }));
  }

  #count(bytes: Bytes): void {
    this.#bytes += bytes.byteLength;
    this.#parts += 1;
  }

  async #open(card: StreamCard): Promise<void> {
    this.#queue ??= [];
    this.#opening += 1;
    try {
      await this.#options.listener.card(card);
    } catch {
      // The listener knows what to do about it.
    }
    this.#opening -= 1;
    if (this.#opening > 0) return;
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    for (const action of queue) action();
  }

  #then(action: () => void): void {
    if (this.#queue === undefined) action();
    else if (this.#queue.length < MAX_QUEUED) this.#queue.push(action);
  }

  #hold(): void {
    const { clock } = this.#options;
    const was = this.#wantsMedia;
    this.#heldUntilMs = clock.now() + HOLD_MS;
    if (!was) this.#want();
    this.#cancelRelease ??= clock.after(HOLD_MS, () => this.#release());
  }

  #release(): void {
    const { clock } = this.#options;
    const leftMs = this.#heldUntilMs - clock.now();
    this.#cancelRelease = undefined;
    if (leftMs > 0) this.#cancelRelease = clock.after(leftMs, () => this.#release());
    else this.#want();
  }

  /** Without a card nothing of its publisher is played. */
  #refuseCard(error: RelayError): void {
    this.#refuse(error);
    // One that is only older than what is known changes nothing.
    if (error.code !== "stale") this.#options.listener.trouble(error);
  }

  #refuse(error: RelayError): void {
    this.#refused += 1;
    this.#lastRefusal = `${error.code}: ${error.message}`;
  }
}

function idOf(key: PartKey): string {
  return `${key.rendition} ${partNumber(key)}`;
}
