import type { Bytes } from "../../model/bytes.ts";
import type { DateRangeOptions } from "../../model/date-range.ts";
import { RelayError } from "../../model/errors.ts";
import { hasSamePlaylists, resolveStreamOptions, type StreamOptions } from "../../model/options.ts";
import type { PartKey, StreamCard } from "../../model/part-header.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import { Publisher } from "../publisher.ts";
import { type FeedPosition, readMark } from "./feed-position.ts";
import type { LeaderContext } from "./leader-context.ts";
import { type FeedStats, PartFeeder } from "./part-feeder.ts";
import { delayed } from "./waits.ts";

/** Parts that may come before the worker has opened the stream. */
const MAX_EARLY_PARTS = 256;
const MAX_EARLY_INITS = 16;
/** How long a leader that goes waits for the worker to answer its last steps. */
const LAST_STEPS_MS = 1_000;

export interface LocalStreamOptions {
  readonly name: string;
  /** Names the session that another page may have left. */
  readonly key: string;
  readonly context: Pick<LeaderContext, "link" | "clock" | "newEpoch" | "bufferAheadMs">;
  /** What of the source's renditions are there locally. */
  readonly localOptions: (card: StreamCard) => StreamOptions;
  readonly wantInit: (digest: Bytes) => void;
  /** The worker takes no more of it. */
  readonly failed: (error: RelayError) => void;
  readonly opened: () => void;
  readonly ended: () => void;
}

/** The stream as this browser's worker has it: opened when the source's card is known, and again where that changes too much. */
export class LocalStream {
  readonly #options: LocalStreamOptions;
  #publisher: Publisher | undefined;
  #feeder: PartFeeder | undefined;
  #opening: Promise<void> = Promise.resolve();
  #card: StreamCard | undefined;
  #early: SharedPart[] = [];
  #isClosed = false;
  #earlyInits: { readonly digest: Bytes; readonly bytes: Bytes }[] = [];

  constructor(options: LocalStreamOptions) {
    this.#options = options;
  }

  /** Undefined until it is open. */
  get feeder(): PartFeeder | undefined {
    return this.#feeder;
  }

  get stats(): FeedStats | undefined {
    return this.#feeder?.stats;
  }

  /** One at a time: a card that changes while the stream is opened comes after that. Rejects with what the worker says. */
  card(card: StreamCard): Promise<void> {
    const taken = this.#opening.then(() => this.#takeCard(card));
    this.#opening = taken;
    return taken;
  }

  part(part: SharedPart): void {
    if (this.#feeder !== undefined) this.#feeder.part(part);
    else this.#early = [...this.#early, part].slice(-MAX_EARLY_PARTS);
  }

  init(digest: Bytes, bytes: Bytes): void {
    // Kept beside the feeder too: a stream that is opened anew has another one.
    this.#earlyInits = [...this.#earlyInits, { digest, bytes }].slice(-MAX_EARLY_INITS);
    this.#feeder?.init(digest, bytes);
  }

  miss(key: PartKey): void {
    this.#feeder?.miss(key);
  }

  dateRange(range: DateRangeOptions): void {
    this.#publisher?.dateRange(range).catch(() => undefined);
  }

  closeFeeder(): void {
    this.#feeder?.close();
  }

  /** Lets the last steps be answered, and lets go. The worker keeps the stream for whoever goes on. */
  async close(): Promise<void> {
    const { clock } = this.#options.context;
    const untilMs = clock.now() + LAST_STEPS_MS;
    this.#isClosed = true;
    // Opened after that it would take the stream from whoever goes on with it.
    await Promise.race([this.#opening.catch(() => undefined), delayed(clock, LAST_STEPS_MS)]);
    const publisher = this.#publisher;
    while (
      publisher !== undefined &&
      publisher.pending > 0 &&
      publisher.closed === undefined &&
      clock.now() < untilMs
    ) {
      await delayed(clock, 20);
    }
    publisher?.close();
  }

  async #takeCard(card: StreamCard): Promise<void> {
    this.#expectOpen();
    const before = this.#card;
    this.#card = card;
    const isSame =
      before !== undefined &&
      hasSamePlaylists(resolveStreamOptions(before.options), resolveStreamOptions(card.options));
    if (this.#feeder !== undefined && isSame) {
      this.#feeder.card(card);
      return;
    }
    if (before !== undefined) {
      this.#feeder?.close();
      // What playlists fix has changed: they end, and others go on after their numbers.
      await this.#publisher?.end().catch(() => undefined);
    }
    await this.#open(card);
  }

  async #open(card: StreamCard): Promise<void> {
    const { name, key, localOptions, wantInit, failed, opened, ended, context } = this.#options;
    const { link, clock, newEpoch, bufferAheadMs } = context;
    const options = localOptions(card);
    const { session } = await link.ask({ type: "takeOver", stream: name, key, options });
    this.#expectOpen();
    const publisher = new Publisher(name, session?.options ?? options, {
      link,
      clock,
      epoch: session?.epoch ?? newEpoch(),
      key,
      ...(session === undefined ? {} : { session }),
    });
    try {
      await publisher.open();
      this.#expectOpen();
    } catch (thrown) {
      publisher.close();
      throw thrown;
    }
    this.#publisher = publisher;
    const feeder = new PartFeeder({
      clock,
      card,
      target: publisher,
      positions: positionsOf(session?.marks ?? []),
      bufferAheadMs,
      wantInit,
      failed,
      ended,
    });
    this.#feeder = feeder;
    opened();
    for (const { digest, bytes } of this.#earlyInits) feeder.init(digest, bytes);
    for (const part of this.#early.splice(0)) feeder.part(part);
  }

  #expectOpen(): void {
    if (this.#isClosed) throw new RelayError("closed", `"${this.#options.name}": this page feeds it no more`);
  }
}

function positionsOf(
  marks: readonly { readonly rendition: string; readonly mark: string }[],
): ReadonlyMap<string, FeedPosition> {
  const positions = new Map<string, FeedPosition>();
  for (const { rendition, mark } of marks) {
    const position = readMark(mark);
    if (position !== undefined) positions.set(rendition, position);
  }
  return positions;
}
