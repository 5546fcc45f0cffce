import { type Group, Signals, type Track } from "@moq/net";
import { Bell } from "./bell.ts";
import type { RelayedGroup } from "./relayed-group.ts";

interface TrackReaderOptions {
  readonly name: string;
  readonly info: Promise<Track.Info>;
  /** What is kept of the track, oldest first. */
  readonly groups: readonly RelayedGroup[];
  readonly subscription: Track.Subscription;
  readonly fork: () => TrackReader;
  readonly onClose: () => void;
}

/**
 * One subscription at the relay: what the publishing side of `@moq/net` reads a track from. It refers to the groups that the
 * track keeps, and loses those that the track drops.
 */
export class TrackReader {
  readonly name: string;
  readonly subscription: Signals.Signal<Track.Subscription>;
  readonly #options: TrackReaderOptions;
  readonly #changed = new Bell();
  /** By sequence. */
  #waiting: RelayedGroup[];
  #newest: RelayedGroup | undefined;
  #start = 0;
  #end = Number.POSITIVE_INFINITY;
  #closed: Error | null | undefined;

  constructor(options: TrackReaderOptions) {
    this.#options = options;
    this.name = options.name;
    this.subscription = new Signals.Signal(options.subscription);
    this.#waiting = [...options.groups];
    this.#newest = this.#waiting.at(-1);
  }

  /** Its own cannot be made over other groups than its own: this is what `@moq/net` uses of one, held by a test for each version. */
  asSubscriber(): Track.Subscriber {
    return this as unknown as Track.Subscriber;
  }

  add(group: RelayedGroup): void {
    const waiting = this.#waiting.filter(({ failed }) => !failed);
    const at = waiting.findIndex(({ sequence }) => sequence > group.sequence);
    waiting.splice(at < 0 ? waiting.length : at, 0, group);
    this.#waiting = waiting;
    if (this.#newest === undefined || group.sequence > this.#newest.sequence) this.#newest = group;
    this.#changed.ring();
  }

  /** The track has ended, or broke. What waits is still given after a clean end. */
  finish(error?: Error): void {
    this.#closed ??= error ?? null;
    this.#changed.ring();
  }

  // From here on, what @moq/net calls.

  info(): Promise<Track.Info> {
    return this.#options.info;
  }

  latest(): number | undefined {
    return this.#newest?.sequence;
  }

  largest(): Track.Location | undefined {
    const newest = this.#newest;
    if (newest === undefined || newest.failed || newest.frameCount === 0) return undefined;
    return { group: newest.sequence, frame: newest.frameCount - 1 };
  }

  startAt(sequence: number): void {
    this.#start = sequence;
    this.#changed.ring();
  }

  endAt(sequence: number | undefined): void {
    this.#end = sequence ?? Number.POSITIVE_INFINITY;
    this.#changed.ring();
  }

  update(subscription: Track.Subscription): void {
    this.subscription.set({ ...this.subscription.peek(), ...subscription });
  }

  fork(): Track.Subscriber {
    return this.#options.fork().asSubscriber();
  }

  tryRecvGroup(): Group.Consumer | undefined {
    this.#waiting = this.#waiting.filter(({ sequence, failed }) => sequence >= this.#start && !failed);
    const [first] = this.#waiting;
    if (first === undefined || first.sequence > this.#end) return undefined;
    this.#waiting.shift();
    return first.read();
  }

  async recvGroup(): Promise<Group.Consumer | undefined> {
    for (;;) {
      const group = this.tryRecvGroup();
      if (group !== undefined) return group;
      if (this.#closed instanceof Error) throw this.#closed;
      if (this.#closed === null) return undefined;
      await this.#changed.wait();
    }
  }

  /** Datagrams are not relayed: what Eddy and CMAF carry is in groups. */
  async recvDatagram(): Promise<undefined> {
    while (this.#closed === undefined) await this.#changed.wait();
    return undefined;
  }

  close(error?: Error): void {
    this.#waiting = [];
    this.finish(error);
    this.#options.onClose();
  }
}
