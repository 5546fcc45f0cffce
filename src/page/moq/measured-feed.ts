import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import type { RelayError } from "../../model/errors.ts";
import type { Digest, PartHeader, PartKey, StreamCard } from "../../model/part-header.ts";
import type { CatalogTrack } from "../../moq/catalog.ts";
import { MeasuredStream, type MeasuredTimes, measuredOptions } from "../../moq/measured-stream.ts";
import type { MeasuredPart } from "../../moq/measured-track.ts";
import type { WantedTrack } from "../../moq/moq-watch.ts";
import { sha256 } from "../../swarm/proof/sha256.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import { followedRenditions } from "../session/followed-renditions.ts";

const PRIORITY = { audio: 150, variant: 100, subtitles: 100 } as const;
const NO_DIGEST: Digest = new Uint8Array(32);
const NOTHING: Bytes = new Uint8Array(0);
/** While it is not known how long parts are, no silence is suspicious. */
const UNKNOWN_PART_MS = 3_000;

export interface MeasuredFeedOptions {
  /** As the catalog lists them. */
  readonly tracks: readonly CatalogTrack[];
  readonly name: string;
  /** Grows with each time that group numbers begin anew. */
  readonly firstEpoch: number;
  readonly clock: Clock;
  readonly listener: {
    card(card: StreamCard): void;
    list(key: PartKey, torn: boolean): void;
    part(part: SharedPart): void;
    miss(key: PartKey): void;
    refused(error: RelayError): void;
    /** `tracks()` is another. */
    changed(): void;
  };
}

/** The parts of a publisher that signs nothing: this viewer's alone. */
export class MeasuredFeed {
  readonly #options: MeasuredFeedOptions;
  readonly #tracks: readonly CatalogTrack[];
  readonly #wanted: readonly WantedTrack[];
  #stream: MeasuredStream;
  #digests: readonly Digest[] = [];
  #times: MeasuredTimes | undefined;
  #epoch: number;
  #revision = 0;
  /** What is measured before its init segment's digest is known, which takes a moment. */
  #ready: Promise<void>;

  /** @throws RelayError `malformed-init` */
  constructor(options: MeasuredFeedOptions) {
    this.#options = options;
    this.#epoch = options.firstEpoch;
    const renditions = options.tracks.map(({ rendition }) => rendition);
    const followed = followedRenditions(renditions, false);
    this.#tracks = options.tracks.filter((_, index) => followed.includes(index));
    this.#wanted = this.#wantedTracks();
    this.#stream = this.#open();
    this.#ready = Promise.all(this.#tracks.map(({ init }) => sha256(init))).then((digests) => {
      this.#digests = digests;
    });
  }

  get partTargetMs(): number {
    return this.#times?.partTargetMs ?? UNKNOWN_PART_MS;
  }

  /** Of whoever comes after this one. */
  get nextEpoch(): number {
    return this.#epoch + 1;
  }

  /** Whether these are the tracks that it has. */
  isOf(tracks: readonly CatalogTrack[]): boolean {
    const told = (list: readonly CatalogTrack[]): string =>
      JSON.stringify(list.map(({ name, init, rendition }) => [name, init.join(), rendition]));
    return told(tracks) === told(this.#options.tracks);
  }

  /** The same ones each time. */
  tracks(): readonly WantedTrack[] {
    return this.#wanted;
  }

  #wantedTracks(): readonly WantedTrack[] {
    return this.#tracks.map(({ name, rendition }, index) => ({
      name,
      priority: PRIORITY[rendition.kind ?? "variant"],
      from: () => this.#stream.newestGroup(index),
      listener: {
        object: (group, at, bytes) => this.#stream.listener(index).object(group, at, bytes),
        groupEnded: (group) => this.#stream.listener(index).groupEnded(group),
        groupLost: (group) => this.#stream.listener(index).groupLost(group),
        refused: this.#options.listener.refused,
      },
    }));
  }

  close(): void {
    this.#stream.close();
  }

  #open(): MeasuredStream {
    const { clock, listener } = this.#options;
    return new MeasuredStream(this.#tracks, {
      clock,
      listener: {
        measured: (times) => this.#later(() => this.#measured(times)),
        part: (track, part, place) => this.#later(() => this.#part(track, part, place)),
        lost: (rendition, position) =>
          this.#later(() => {
            listener.list({ rendition, ...position }, false);
            listener.miss({ rendition, ...position });
          }),
        refused: listener.refused,
        restarted: () => this.#restart(),
      },
    });
  }

  /** In order. */
  #later(action: () => void): void {
    this.#ready = this.#ready.then(action);
  }

  #measured(times: MeasuredTimes): void {
    const { name, listener } = this.#options;
    this.#times = times;
    this.#revision += 1;
    const options = measuredOptions(this.#tracks, times);
    listener.card({ name, publicKey: NOTHING, epoch: this.#epochName, revision: this.#revision, options });
    listener.changed();
  }

  #part(
    rendition: number,
    { msn, part, bytes, durationMs, independent }: MeasuredPart,
    { programDateTimeMs, torn }: { readonly programDateTimeMs: number; readonly torn: boolean },
  ): void {
    const { listener } = this.#options;
    const header: PartHeader = {
      rendition,
      msn,
      part,
      epoch: this.#epochName,
      durationMs,
      independent,
      gap: false,
      discontinuity: false,
      programDateTimeMs,
      initDigest: this.#digests[rendition] ?? NO_DIGEST,
      sizeBytes: bytes.byteLength,
      root: NO_DIGEST,
      previous: NO_DIGEST,
    };
    const signed = { header, encoded: NOTHING, digest: NO_DIGEST, signature: NOTHING, pieces: [] };
    listener.list(header, torn);
    listener.part({ key: header, signed, bytes, source: "origin", delayMs: 0 });
  }

  /** Group numbers have begun anew: they mean other parts now. */
  #restart(): void {
    this.#stream.close();
    this.#epoch += 1;
    this.#stream = this.#open();
    this.#options.listener.changed();
  }

  /** 1 to 16 of `0-9 a-z`. */
  get #epochName(): string {
    return this.#epoch.toString(36);
  }
}
