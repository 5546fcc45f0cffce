import { Broadcast, type Group, type Track } from "@moq/net";
import type { Clock } from "../../model/clock.ts";
import type { MoqRelayLimits } from "./relay-limits.ts";
import { RelayedTrack } from "./relayed-track.ts";

interface RelayedBroadcastOptions {
  readonly consumer: Broadcast.Consumer;
  readonly limits: MoqRelayLimits;
  readonly clock: Clock;
  /** Told of each frame's bytes; false if that is more than the publisher may send. */
  readonly take: (bytes: number) => boolean;
}

/** What one session publishes under one path: its tracks, opened when somebody subscribes, once for all who do. */
export class RelayedBroadcast {
  readonly #options: RelayedBroadcastOptions;
  readonly #tracks = new Map<string, RelayedTrack>();

  constructor(options: RelayedBroadcastOptions) {
    this.#options = options;
  }

  /** Open tracks by name. */
  get tracks(): ReadonlyMap<string, RelayedTrack> {
    return this.#tracks;
  }

  /** @throws Error over the limit of tracks */
  track(name: string): RelayedTrack {
    const open = this.#tracks.get(name);
    if (open !== undefined) return open;
    const { consumer, limits, clock, take } = this.#options;
    if (this.#tracks.size >= limits.maxTracksPerBroadcast) throw new Error("too many tracks of one broadcast");
    const track: RelayedTrack = new RelayedTrack({
      name,
      upstream: consumer.track(name).subscribe({ ordered: false, latencyMax: limits.maxLatencyMs }),
      limits,
      clock,
      take,
      onEnd: () => {
        if (this.#tracks.get(name) === track) this.#tracks.delete(name);
      },
    });
    this.#tracks.set(name, track);
    return track;
  }

  /** One group: of those that are kept, or else from the publisher, where its version of the protocol has that. */
  async group(name: string, sequence: number): Promise<Group.Consumer> {
    const kept = this.#tracks.get(name)?.group(sequence);
    return kept?.failed === false ? kept.read() : await this.#options.consumer.track(name).fetchGroup(sequence);
  }

  close(error?: Error): void {
    for (const track of this.#tracks.values()) track.close(error);
    this.#options.consumer.close(error);
  }
}

/** A broadcast as it is offered to one session: `@moq/net` closes it with that session, and only that one. */
export class OfferedBroadcast extends Broadcast.Producer {
  readonly source: RelayedBroadcast;
  readonly #mayRead: () => boolean;
  /** How often each track is subscribed to by this session. */
  readonly #reading = new Map<string, number>();

  constructor(source: RelayedBroadcast, { mayRead }: { mayRead: () => boolean }) {
    super();
    this.source = source;
    this.#mayRead = mayRead;
  }

  get reading(): ReadonlyMap<string, number> {
    return this.#reading;
  }

  override subscribe(name: string, options: Track.Subscription = {}): Track.Subscriber {
    if (!this.#mayRead()) throw new Error("too many subscriptions of one session");
    const reader = this.source.track(name).read(options, () => this.#count(name, -1));
    this.#count(name, 1);
    return reader.asSubscriber();
  }

  override resolveTrackInfo(name: string): Promise<Track.Info> {
    return this.source.track(name).info;
  }

  override fetchGroup(name: string, sequence: number): Promise<Group.Consumer> {
    return this.source.group(name, sequence);
  }

  #count(name: string, more: number): void {
    const count = (this.#reading.get(name) ?? 0) + more;
    if (count > 0) this.#reading.set(name, count);
    else this.#reading.delete(name);
  }
}
