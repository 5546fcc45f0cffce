import { backoffMs } from "../follow/backoff.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { delay } from "../model/delay.ts";
import { RelayError } from "../model/errors.ts";
import { MAX_PARTS_PER_SEGMENT, MAX_SHARED_PART_BYTES } from "../model/part-header.ts";
import type { MoqBroadcast, MoqGroup, MoqObject, MoqTrack } from "./moq-session.ts";

/** Groups of a track that are received at once; one that never ends is given up for newer ones. */
const MAX_OPEN_GROUPS = 6;

/** What comes of a track. */
export interface TrackListener {
  object(group: number, index: number, bytes: Bytes): void;
  /** All of this group has come. */
  groupEnded(group: number): void;
  /** What has not come of this group by now will not. */
  groupLost(group: number): void;
  /** What came is not taken. The rest goes on. */
  refused(error: RelayError): void;
}

/** Groups of the past that are asked for at once, at most. */
const MAX_FETCHED = 4;

export interface TrackReaderOptions {
  readonly broadcast: MoqBroadcast;
  readonly track: string;
  readonly priority: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Where a subscription starts, the first and each later one. Undefined: at the newest group. */
  readonly from: () => number | undefined;
  /** Groups before the newest that are fetched where a subscription starts there. Default 0. */
  readonly back?: number;
  /** Whether groups of the past can be had. */
  readonly canFetch: boolean;
  readonly listener: TrackListener;
}

/** Holds a subscription of one track for as long as it is run, and opens it again when the relay drops it. */
export class TrackReader {
  readonly #options: TrackReaderOptions;
  readonly #open = new Set<MoqGroup>();
  /** Closed here: for who reads one it ends as one does that is whole. */
  readonly #givenUp = new WeakSet<MoqGroup>();
  #fetching = 0;

  constructor(options: TrackReaderOptions) {
    this.#options = options;
  }

  /** Resolves when `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { broadcast, track: name, priority, clock, random, from, listener } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      const start = from();
      let track: MoqTrack | undefined;
      let groups = 0;
      try {
        track = broadcast.subscribe(name, { priority, ...(start === undefined ? {} : { from: start }) });
        groups = await this.#read(track, start, signal);
      } catch (thrown) {
        if (signal.aborted) break;
        listener.refused(unreachable(name, thrown));
      } finally {
        track?.close();
        for (const group of this.#open) this.#giveUp(group);
      }
      failures = groups > 0 ? 1 : failures + 1;
      await delay(clock, backoffMs(failures, random), signal).catch(() => undefined);
    }
  }

  /** Returns how many groups came. */
  async #read(track: MoqTrack, from: number | undefined, signal: AbortSignal): Promise<number> {
    const close = (): void => track.close();
    signal.addEventListener("abort", close, { once: true });
    let isOver = false;
    try {
      for (let groups = 0; ; groups++) {
        const group = await track.next();
        if (group === undefined || signal.aborted) return groups;
        const { sequence } = group;
        if (groups === 0) this.#fetchBefore(sequence, from);
        this.#open.add(group);
        for (const oldest of [...this.#open].slice(0, -MAX_OPEN_GROUPS)) this.#giveUp(oldest);
        void this.#readGroup(group).then((isWhole) => {
          this.#open.delete(group);
          // With the subscription goes what is on its way: the next one begins there.
          if (isWhole || isOver || signal.aborted) return;
          if (this.#givenUp.has(group)) this.#options.listener.groupLost(sequence);
          else this.#fetch(sequence);
        });
      }
    } finally {
      isOver = true;
      signal.removeEventListener("abort", close);
    }
  }

  #giveUp(group: MoqGroup): void {
    this.#givenUp.add(group);
    group.close();
  }

  /** What a relay has of before, where it began later than was asked, or to begin with a little more than the newest group. */
  #fetchBefore(first: number, from: number | undefined): void {
    const { back = 0, canFetch } = this.#options;
    if (from === undefined && !canFetch) return;
    const start = Math.max(0, from ?? first - back, first - MAX_FETCHED);
    for (let sequence = start; sequence < first; sequence++) this.#fetch(sequence);
  }

  #fetch(sequence: number): void {
    const { broadcast, track, canFetch, listener } = this.#options;
    if (!canFetch || this.#fetching >= MAX_FETCHED) {
      listener.groupLost(sequence);
      return;
    }
    this.#fetching += 1;
    broadcast
      .fetch(track, sequence)
      .then((group) => this.#readGroup(group))
      .catch(() => false)
      .then((isWhole) => {
        this.#fetching -= 1;
        if (!isWhole) listener.groupLost(sequence);
      });
  }

  /** Hands over the objects of a group until it ends. What is beyond a bound ends it. Never rejects; false where its end did not come. */
  async #readGroup(group: MoqGroup): Promise<boolean> {
    const { listener } = this.#options;
    const { sequence } = group;
    try {
      for (;;) {
        const object = await group.next();
        if (object === undefined) break;
        checkObject(sequence, object);
        listener.object(sequence, object.index, object.bytes);
      }
      if (this.#givenUp.has(group)) return false;
      listener.groupEnded(sequence);
      return true;
    } catch (thrown) {
      if (thrown instanceof RelayError) listener.refused(thrown);
      return false;
    } finally {
      group.close();
    }
  }
}

/** @throws RelayError `relay-malformed`, `part-too-large` */
function checkObject(group: number, { index, bytes }: MoqObject): void {
  if (index >= MAX_PARTS_PER_SEGMENT) {
    throw new RelayError("relay-malformed", `group ${group}: expected at most ${MAX_PARTS_PER_SEGMENT} objects`);
  }
  if (bytes.byteLength > MAX_SHARED_PART_BYTES) {
    const got = `object ${group}.${index}: expected at most ${MAX_SHARED_PART_BYTES} bytes, got ${bytes.byteLength}`;
    throw new RelayError("part-too-large", got);
  }
}

function unreachable(track: string, thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const { message } = RelayError.from(thrown);
  return new RelayError("relay-unreachable", `track "${track.slice(0, 40)}": ${message}`, { cause: thrown });
}
