import type { Group, Track } from "@moq/net";
import type { Clock } from "../../model/clock.ts";
import type { MoqRelayLimits } from "./relay-limits.ts";
import { RelayedGroup } from "./relayed-group.ts";
import { TrackReader } from "./track-reader.ts";

/** How long a track is kept without a reader, for one that comes back or was only asking what the track is. */
const LINGER_MS = 1_000;

interface RelayedTrackOptions {
  readonly name: string;
  /** The one subscription at the publisher, which all readers share. */
  readonly upstream: Track.Subscriber;
  readonly limits: MoqRelayLimits;
  readonly clock: Clock;
  /** Told of each frame's bytes; false if that is more than the publisher may send. */
  readonly take: (bytes: number) => boolean;
  readonly onEnd: () => void;
}

/** A track on its way from its publisher to all who subscribe: the last groups are kept, once for everybody. */
export class RelayedTrack {
  readonly #options: RelayedTrackOptions;
  readonly #info: Promise<Track.Info>;
  /** By sequence, oldest first. */
  readonly #groups: RelayedGroup[] = [];
  readonly #readers = new Set<TrackReader>();
  #ended = false;
  #cancelLinger: () => void = () => undefined;
  #droppedGroups = 0;

  constructor(options: RelayedTrackOptions) {
    this.#options = options;
    this.#info = this.#checkedInfo();
    this.#info.catch((error: unknown) => this.#end(asError(error)));
    this.#linger();
    void this.#receive();
  }

  get readers(): number {
    return this.#readers.size;
  }

  get keptBytes(): number {
    return this.#groups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get droppedGroups(): number {
    return this.#droppedGroups;
  }

  /** Rejects if the publisher refuses the track. */
  get info(): Promise<Track.Info> {
    return this.#info;
  }

  /** From what is kept on. `onClose` is called once the reader has left, or the track has ended. */
  read(subscription: Track.Subscription, onClose: () => void): TrackReader {
    const reader = this.#reader(subscription, () => {
      if (!this.#readers.delete(reader)) return;
      if (this.#readers.size === 0) this.#linger();
      onClose();
    });
    this.#cancelLinger();
    this.#readers.add(reader);
    return reader;
  }

  #reader(subscription: Track.Subscription, onClose: () => void): TrackReader {
    return new TrackReader({
      name: this.#options.name,
      info: this.#info,
      groups: this.#groups,
      subscription,
      onClose,
      fork: () => {
        const fork = this.#reader(subscription, () => undefined);
        // What is kept, and no more.
        fork.finish();
        return fork;
      },
    });
  }

  /** One of the groups that are kept. */
  group(sequence: number): RelayedGroup | undefined {
    return this.#groups.find((group) => group.sequence === sequence);
  }

  close(error?: Error): void {
    this.#end(error);
  }

  async #checkedInfo(): Promise<Track.Info> {
    const info = await this.#options.upstream.info();
    const { maxLatencyMs } = this.#options.limits;
    // @moq/net keeps what it receives for as long as the publisher says.
    if (info.latencyMax > maxLatencyMs) {
      throw new Error(`expected a max latency of at most ${maxLatencyMs} ms, got ${info.latencyMax}`);
    }
    return info;
  }

  async #receive(): Promise<void> {
    try {
      await this.#info;
      for (;;) {
        const group = await this.#options.upstream.recvGroup();
        if (group === undefined) break;
        if (this.#ended) group.close();
        else void this.#receiveGroup(group);
      }
      this.#end();
    } catch (error) {
      this.#end(asError(error));
    }
  }

  async #receiveGroup(incoming: Group.Consumer): Promise<void> {
    const group = this.#open(incoming.sequence);
    if (group === undefined) {
      incoming.close();
      return;
    }
    try {
      for (;;) {
        const frame = await incoming.readFrame();
        if (frame === undefined) break;
        if (!this.#options.take(frame.payload.byteLength))
          throw new Error("more than the relay takes from one session");
        if (group.frameCount >= this.#options.limits.maxFramesPerGroup) throw new Error("a group of too many frames");
        group.append(frame);
        this.#makeRoom();
      }
      group.end();
    } catch (error) {
      group.drop(asError(error));
    } finally {
      incoming.close();
    }
  }

  #open(sequence: number): RelayedGroup | undefined {
    const at = this.#groups.findIndex((kept) => kept.sequence >= sequence);
    const known = this.#groups[at];
    // Once more, though it came: who has read it would read it twice.
    if (known?.sequence === sequence && !known.failed) return undefined;
    const group = new RelayedGroup(sequence);
    const replaced = known?.sequence === sequence ? 1 : 0;
    this.#groups.splice(at < 0 ? this.#groups.length : at, replaced, group);
    this.#makeRoom();
    for (const reader of this.#readers) reader.add(group);
    return group;
  }

  #makeRoom(): void {
    const { maxGroupsPerTrack, maxBytesPerTrack } = this.#options.limits;
    while (this.#groups.length > maxGroupsPerTrack || this.keptBytes > maxBytesPerTrack) {
      const oldest = this.#groups.shift();
      // @moq/net holds what comes in until a group ends, or its track.
      if (oldest?.ended === false) this.#end(new Error("a group that does not end"));
      oldest?.drop(new Error("dropped for newer groups"));
      this.#droppedGroups += 1;
    }
  }

  #linger(): void {
    if (this.#ended) return;
    this.#cancelLinger();
    this.#cancelLinger = this.#options.clock.after(LINGER_MS, () => this.#end());
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelLinger();
    this.#options.upstream.close(error);
    for (const reader of this.#readers) reader.finish(error);
    this.#options.onEnd();
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
