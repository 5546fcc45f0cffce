import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { onAbort, untilAborted } from "../model/on-abort.ts";
import type { Catalog } from "./catalog.ts";
import { HANG_CATALOG_TRACK, HangCatalogReader } from "./hang-catalog.ts";
import type { MoqBroadcast, MoqSession } from "./moq-session.ts";
import { MSF_CATALOG_TRACK, readMsfCatalog } from "./msf-catalog.ts";
import { type TrackListener, TrackReader } from "./track-reader.ts";

const PRIORITY_OF_CATALOGS = 250;
/** A relay that is subscribed to and sends nothing for this long is connected to anew; each time in vain doubles it. */
const SILENCE_MS = 1_000;
const MAX_SILENCE_MS = 16_000;
/** How long a relay may take to send the catalog of what is announced. */
const CATALOG_DEADLINE_MS = 10_000;
/** What may come late of a track of few parts. */
const SILENCE_PARTS = 4;

/** A track that is wanted for as long as it is in the list. */
export interface WantedTrack {
  readonly name: string;
  readonly priority: number;
  /** Where its subscription starts; undefined: at the newest group. */
  readonly from: () => number | undefined;
  /** Groups before the newest that are wanted too, where they can be had. Default 0. */
  readonly back?: number;
  readonly listener: TrackListener;
}

export interface MoqWatchOptions {
  /** Of the broadcast. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** The catalog is known, or changed. `isFirst`: of this publisher, who is new or was come back to. */
  readonly catalog: (catalog: Catalog) => void;
  /** A catalog, or a track, was not as it should be. What plays goes on. */
  readonly refused: (error: RelayError) => void;
}

/** Watches one broadcast over one session after the other: its catalog always, and those tracks that are wanted. */
export class MoqWatch {
  readonly #options: MoqWatchOptions;
  #wanted: readonly WantedTrack[] = [];
  /** By name, of the broadcast that is watched. */
  readonly #reading = new Map<string, Reading>();
  #broadcast: MoqBroadcast | undefined;
  #canFetch = false;
  #partTargetMs = 500;
  #lastObjectAtMs = 0;
  #silenceMs = SILENCE_MS;

  constructor(options: MoqWatchOptions) {
    this.#options = options;
  }

  /** Media subscriptions that are open at the moment. */
  get subscriptions(): number {
    return this.#reading.size;
  }

  /** Replaces the list: tracks that are new, or have another listener, are subscribed to, and those that are gone are left. */
  want(tracks: readonly WantedTrack[], partTargetMs: number): void {
    this.#wanted = tracks;
    this.#partTargetMs = partTargetMs;
    const listeners = new Map(tracks.map(({ name, listener }) => [name, listener]));
    for (const [name, { listener, aborter }] of this.#reading) {
      if (listeners.get(name) === listener) continue;
      this.#reading.delete(name);
      aborter.abort();
    }
    this.#subscribe();
  }

  /** Until the session ends. @throws RelayError `relay-unreachable` where it is silent, though something should come */
  async run(session: MoqSession, signal: AbortSignal): Promise<void> {
    this.#canFetch = session.canFetch;
    while (!signal.aborted) {
      const broadcast = await session.watch(this.#options.name, signal);
      const over = new AbortController();
      const forget = onAbort(signal, () => over.abort());
      try {
        await this.#follow(broadcast, over.signal);
      } finally {
        forget();
        over.abort();
        broadcast.close();
        this.#leave();
      }
    }
  }

  /** Until this publisher is gone. */
  async #follow(broadcast: MoqBroadcast, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const closed = broadcast.closed;
    await this.#catalogs(broadcast, signal, closed);
    if (signal.aborted) return;
    this.#broadcast = broadcast;
    this.#lastObjectAtMs = clock.now();
    this.#subscribe();
    await Promise.race([closed, this.#silence(signal), aborted(signal)]);
  }

  /**
   * Resolves with the first catalog; both formats are looked for, and the first that has come is the one that is followed.
   * @throws RelayError `relay-unreachable` where none comes in time
   */
  async #catalogs(broadcast: MoqBroadcast, signal: AbortSignal, closed: Promise<void>): Promise<void> {
    const { clock, catalog } = this.#options;
    const hang = new HangCatalogReader();
    const formats: readonly CatalogFormat[] = [
      { track: MSF_CATALOG_TRACK, read: (bytes) => readMsfCatalog(bytes) },
      { track: HANG_CATALOG_TRACK, read: (bytes, group) => hang.read(bytes, group) },
    ];
    const looking = formats.map(() => new AbortController());
    const forget = onAbort(signal, () => {
      for (const one of looking) one.abort();
    });
    let isLate = false;
    let cancel: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      onAbort(signal, resolve);
      closed.then(resolve, resolve);
      cancel = clock.after(CATALOG_DEADLINE_MS, () => {
        isLate = true;
        resolve();
      });
      for (const [index, format] of formats.entries()) {
        const listener: TrackListener = {
          object: (group, _index, bytes) => {
            if (looking[index]?.signal.aborted !== false) return;
            const read = this.#read(format, group, bytes);
            if (read === undefined) return;
            for (const [other, one] of looking.entries()) if (other !== index) one.abort();
            catalog(read);
            resolve();
          },
          groupEnded: () => undefined,
          groupLost: () => undefined,
          // The other format is not there, as a rule.
          refused: () => undefined,
        };
        const reader = this.#reader(broadcast, { ...CATALOG, name: format.track, listener });
        void reader.run(looking[index]?.signal ?? signal);
      }
    });
    cancel();
    if (!isLate) return;
    forget();
    for (const one of looking) one.abort();
    throw new RelayError("relay-unreachable", `expected a catalog within ${CATALOG_DEADLINE_MS} ms, got none`);
  }

  #read(format: CatalogFormat, group: number, bytes: Bytes): Catalog | undefined {
    try {
      return format.read(bytes, group);
    } catch (thrown) {
      this.#options.refused(RelayError.from(thrown));
      return undefined;
    }
  }

  #subscribe(): void {
    const broadcast = this.#broadcast;
    if (broadcast === undefined) return;
    for (const track of this.#wanted) {
      if (this.#reading.has(track.name)) continue;
      const { listener } = track;
      const aborter = new AbortController();
      this.#reading.set(track.name, { listener, aborter });
      const heard: TrackListener = {
        ...listener,
        object: (group, index, bytes) => {
          this.#heard();
          listener.object(group, index, bytes);
        },
      };
      this.#lastObjectAtMs = this.#options.clock.now();
      void this.#reader(broadcast, { ...track, listener: heard }).run(aborter.signal);
    }
  }

  #reader(broadcast: MoqBroadcast, { name: track, ...wanted }: WantedTrack): TrackReader {
    const { clock, random } = this.#options;
    return new TrackReader({ broadcast, track, clock, random, canFetch: this.#canFetch, ...wanted });
  }

  #heard(): void {
    this.#lastObjectAtMs = this.#options.clock.now();
    this.#silenceMs = SILENCE_MS;
  }

  /** A relay that was killed says nothing: QUIC would notice after half a minute. */
  async #silence(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const limitMs = Math.max(this.#silenceMs, SILENCE_PARTS * this.#partTargetMs);
      const leftMs = this.#reading.size === 0 ? limitMs : this.#lastObjectAtMs + limitMs - clock.now();
      if (leftMs <= 0) {
        this.#silenceMs = Math.min(MAX_SILENCE_MS, 2 * this.#silenceMs);
        throw new RelayError("relay-unreachable", `the relay sent nothing for ${Math.round(limitMs)} ms`);
      }
      await untilAborted(new Promise<void>((resolve) => clock.after(leftMs, resolve)), signal).catch(() => undefined);
    }
  }

  #leave(): void {
    this.#broadcast = undefined;
    for (const { aborter } of this.#reading.values()) aborter.abort();
    this.#reading.clear();
  }
}

interface Reading {
  readonly listener: TrackListener;
  readonly aborter: AbortController;
}

interface CatalogFormat {
  readonly track: string;
  read(bytes: Bytes, group: number): Catalog;
}

const CATALOG = { priority: PRIORITY_OF_CATALOGS, from: () => undefined } as const;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    onAbort(signal, resolve);
  });
}
