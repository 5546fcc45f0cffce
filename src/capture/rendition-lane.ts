import { writePart } from "../media/part-writer.ts";
import { RelayError } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import { type WrittenInit, writeInit } from "./init-writer.ts";
import { type CutPart, PartCutter } from "./part-cutter.ts";
import { type OutboxItem, PartOutbox } from "./part-outbox.ts";
import type { EncodedPacket, TrackDescription } from "./source.ts";

export interface RenditionLaneOptions {
  readonly id: string;
  readonly tracks: readonly TrackDescription[];
  readonly init: WrittenInit;
  readonly partTargetMs: number;
  /** Of sound beside several videos: a part is closed where their key frames are. */
  readonly segmentMs?: number;
  /** Wall clock of a time on the source's timeline. */
  readonly wallMs: (timestampUs: number) => number;
  readonly send: (item: OutboxItem) => void;
  readonly onLost: (lostMs: number) => void;
  readonly onOverlong: () => void;
  readonly onFailed: (thrown: unknown) => void;
}

/** A playlist states the peak rate; key frames and small parts go over what an encoder was asked for. */
const PEAK_FACTOR = 1.5;

/** One rendition: packets of its tracks become parts, in order and within the page's credit. */
export class RenditionLane {
  readonly #options: RenditionLaneOptions;
  readonly #outbox: PartOutbox;
  /** By generation; an init segment that is still being written is a promise. */
  readonly #inits: Promise<WrittenInit>[] = [];
  #tracks: readonly TrackDescription[];
  #trackIds: readonly number[];
  #cutter: PartCutter;
  /** Generation of the init segments at which the cutter began. */
  #base = 0;
  /** Writes parts in order, also while an init segment is being written. */
  #writing: Promise<void> = Promise.resolve();
  #generation = 0;
  #announced = 0;
  #sequenceNumber = 0;
  #bytes = 0;
  #overlong = 0;

  constructor(options: RenditionLaneOptions) {
    this.#options = options;
    this.#tracks = options.tracks;
    this.#inits.push(Promise.resolve(options.init));
    this.#trackIds = options.init.segment.tracks.map((track) => track.id);
    this.#outbox = new PartOutbox({ send: options.send, onLost: options.onLost });
    this.#cutter = this.#cut(options.init);
  }

  get id(): string {
    return this.#options.id;
  }

  get parts(): number {
    return this.#sequenceNumber;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get waiting(): number {
    return this.#outbox.waiting;
  }

  get lost(): number {
    return this.#outbox.lost;
  }

  push(packet: EncodedPacket): void {
    this.#cutter.push(packet);
    this.#announce(this.#base + this.#cutter.generation);
    if (this.#cutter.overlong === this.#overlong) return;
    this.#overlong = this.#cutter.overlong;
    this.#options.onOverlong();
  }

  /** See PacketSink. */
  reconfigure(track: TrackDescription): void {
    this.#tracks = this.#tracks.map((known) => (known.kind === track.kind ? track : known));
    const init = writeInit(this.#tracks);
    init.catch(() => undefined); // told when the first part needs it
    this.#inits.push(init);
    this.#cutter.reconfigure();
  }

  /** Another source goes on from here, with tracks of the same kinds: what there is of the one before is a last part. */
  join(tracks: readonly TrackDescription[], init: WrittenInit): void {
    this.#cutter.flush();
    this.#tracks = tracks;
    this.#inits.push(Promise.resolve(init));
    this.#base = this.#inits.length - 1;
    this.#trackIds = init.segment.tracks.map((track) => track.id);
    this.#overlong = 0;
    this.#cutter = this.#cut(init);
    this.#announce(this.#base);
  }

  ack(): void {
    this.#outbox.ack();
  }

  /** Resolves when a source that can wait should go on. */
  ready(): Promise<void> {
    return this.#outbox.ready();
  }

  /** Lets sources go on that wait, so that they can stop. */
  release(): void {
    this.#outbox.release();
  }

  /** Gives what is left; resolves when the page has been given all of it. */
  async finish(): Promise<void> {
    this.#cutter.flush();
    await this.#writing;
    await this.#outbox.drained();
  }

  #cut(init: WrittenInit): PartCutter {
    const base = this.#base;
    const tracks = this.#tracks;
    const { partTargetMs, segmentMs, onFailed } = this.#options;
    return new PartCutter({
      tracks: init.segment.tracks.map((track, i) => ({
        kind: tracks[i]?.kind ?? "video",
        trackId: track.id,
        timescale: track.timescale,
        reorderDepth: tracks[i]?.reorderDepth ?? 0,
      })),
      partTargetMs,
      ...(segmentMs === undefined ? {} : { segmentMs }),
      onPart: (part) => {
        this.#writing = this.#writing.then(() => this.#write(part, base + part.generation)).catch(onFailed);
      },
    });
  }

  /** Tells of an init segment as soon as the last part before it is cut: players are to have it before its first part (rule 41). */
  #announce(generation: number): void {
    if (generation <= this.#announced) return;
    this.#announced = generation;
    this.#writing = this.#writing.then(() => this.#turn(generation)).catch(this.#options.onFailed);
  }

  async #turn(generation: number): Promise<void> {
    for (; this.#generation < generation; this.#generation++) {
      const init = await this.#inits[this.#generation + 1];
      if (init === undefined) break;
      if (init.segment.tracks.some((track, i) => track.id !== this.#trackIds[i])) {
        throw new RelayError("track-mismatch", "expected an encoder started again to keep its tracks");
      }
      this.#outbox.init(init.bytes);
    }
  }

  async #write(part: CutPart, generation: number): Promise<void> {
    await this.#turn(generation);
    const bytes = writePart({ sequenceNumber: ++this.#sequenceNumber, tracks: part.tracks });
    this.#bytes += bytes.byteLength;
    const programDateTimeMs = this.#options.wallMs(part.timestampUs);
    this.#outbox.part({ bytes, durationMs: part.durationMs, independent: part.independent, programDateTimeMs });
  }
}

/** What a playlist says of a rendition with these tracks. */
export function describeRendition(
  id: string,
  tracks: readonly TrackDescription[],
  init: WrittenInit,
): CapturedRendition {
  const video = tracks.find((track) => track.kind === "video");
  const turned = video?.rotation === 90 || video?.rotation === 270;
  const [width, height] = turned ? [video?.height, video?.width] : [video?.width, video?.height];
  return {
    id,
    // The init segment is what a player decodes by, so its own words come first.
    codecs: tracks.map((track, i) => init.segment.tracks[i]?.codec ?? track.codec).join(","),
    bandwidth: Math.max(1, Math.round(tracks.reduce((sum, track) => sum + track.bitrate, 0) * PEAK_FACTOR)),
    init: init.bytes,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(video?.frameRate === undefined ? {} : { frameRate: video.frameRate }),
  };
}
