import type { Bytes } from "../model/bytes.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import type { StreamConfig } from "../model/options.ts";
import { PART_GAP, type RenditionRecord, type SegmentOpening } from "../model/record.ts";
import type { KeptStats, StorageStats } from "../model/storage.ts";
import type { Archive, Recorder } from "./archive.ts";
import type { RestoredStream } from "./recordings.ts";

interface Segment extends SegmentOpening {
  readonly durationsMs: number[];
  readonly sizesBytes: number[];
  readonly flags: number[];
}

/** All that one rendition was recorded with. */
class Recording {
  segments: Segment[] = [];
  readonly parts = new Map<number, Bytes>();
  readonly inits = new Map<string, { epoch: string; index: number; bytes: Bytes }>();
  readonly dateRanges: DateRangeOptions[] = [];
  liveMsn = 1;

  recorder(settle: () => void): Recorder {
    return {
      init: (epoch, index, bytes) => this.inits.set(`${epoch}/${index}`, { epoch, index, bytes }),
      part: ({ id, durationMs, flags, bytes, opens }) => {
        settle();
        if (opens !== undefined) this.segments.push({ ...opens, durationsMs: [], sizesBytes: [], flags: [] });
        const segment = this.segments.at(-1);
        segment?.durationsMs.push(durationMs);
        segment?.sizesBytes.push(bytes?.byteLength ?? 0);
        segment?.flags.push(flags);
        if (bytes !== undefined) this.parts.set(id, bytes);
      },
      dateRange: (range) => this.dateRanges.push(range),
      listedFrom: (msn) => {
        this.liveMsn = msn;
      },
    };
  }

  segment(msn: number): readonly Bytes[] | undefined {
    const segment = this.segments.find((one) => one.msn === msn);
    const ids = segment?.flags.flatMap((bits, index) => (bits & PART_GAP ? [] : [segment.firstPartId + index]));
    const found = ids?.map((id) => this.parts.get(id)).filter((bytes) => bytes !== undefined);
    return found?.length === ids?.length ? found : undefined;
  }

  forgetBefore(msn: number): void {
    this.segments = this.segments.filter((segment) => segment.msn >= msn);
    const firstId = this.segments[0]?.firstPartId ?? 0;
    for (const id of this.parts.keys()) if (id < firstId) this.parts.delete(id);
  }
}

/** Keeps what is recorded, and gives it back as a disk does. */
export class MemoryArchive implements Archive {
  available = true;
  reads = 0;
  readonly recordings = new Map<string, Recording>();
  #stream: { epoch: string; config: StreamConfig; ended: boolean } | undefined;
  /** Holds every read back until it is called. */
  hold: Promise<void> | undefined;
  isPinned = false;

  open(_stream: string, epoch: string, config: StreamConfig): (rendition: string) => Recorder {
    const settle = (): void => {
      this.#stream = { epoch, config, ended: false };
    };
    return (id) => {
      const recording = this.recordings.get(id) ?? new Recording();
      this.recordings.set(id, recording);
      return recording.recorder(settle);
    };
  }

  end(): void {
    if (this.#stream !== undefined) this.#stream.ended = true;
  }

  remove(): void {
    this.recordings.clear();
    this.#stream = undefined;
  }

  async part(_stream: string, rendition: string, id: number): Promise<Bytes | undefined> {
    await this.hold;
    this.reads += 1;
    return this.recordings.get(rendition)?.parts.get(id);
  }

  async segment(_stream: string, rendition: string, msn: number): Promise<readonly Bytes[] | undefined> {
    await this.hold;
    this.reads += 1;
    return this.recordings.get(rendition)?.segment(msn);
  }

  async init(_stream: string, rendition: string, epoch: string, index: number): Promise<Bytes | undefined> {
    await this.hold;
    return this.recordings.get(rendition)?.inits.get(`${epoch}/${index}`)?.bytes;
  }

  isStored(_stream: string, rendition: string, id: number): boolean {
    return this.recordings.get(rendition)?.parts.has(id) === true;
  }

  kept(): KeptStats | undefined {
    if (this.#stream === undefined) return undefined;
    const [recording] = this.recordings.values();
    const windowMs = (recording?.segments ?? [])
      .flatMap(({ durationsMs }) => durationsMs)
      .reduce((sum, ms) => sum + ms, 0);
    return { sizeBytes: this.storage.sizeBytes, windowMs, pinned: this.isPinned, createdAtMs: 0 };
  }

  get storage(): StorageStats {
    const parts = [...this.recordings.values()].flatMap((recording) => [...recording.parts.values()]);
    return { sizeBytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0), windowMs: 4 * 3_600_000 };
  }

  /** What a disk would hold now. */
  stored(name: string): RestoredStream {
    if (this.#stream === undefined) throw new Error("nothing was recorded");
    const renditions = [...this.recordings].map(
      ([id, { segments, liveMsn, inits, dateRanges }]): RenditionRecord => ({
        id,
        liveMsn,
        dateRanges,
        segments: structuredClone(segments),
        inits: [...inits.values()],
      }),
    );
    return { name, ...this.#stream, renditions };
  }
}
