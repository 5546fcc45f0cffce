import type { Bytes } from "../model/bytes.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import type { Msn, PartId } from "../model/ids.ts";
import type { StreamConfig } from "../model/options.ts";
import type { PartRecord } from "../model/record.ts";
import type { KeptStats, StorageStats } from "../model/storage.ts";

/**
 * Hears of everything that one rendition takes, after it is in the ring. Called on the way of a part: each call returns at once,
 * keeps what it is given without a copy, and throws nothing.
 */
export interface Recorder {
  /** An init segment; parts that follow need it. */
  init(epoch: string, index: number, bytes: Bytes): void;
  /** A part that is listed now, or a gap. */
  part(part: PartRecord): void;
  /** A date range, or attributes that one got. */
  dateRange(range: DateRangeOptions): void;
  /** The live playlist lists from here on. */
  listedFrom(msn: Msn): void;
}

/** Where media is kept beyond the rings. Streams are known by name, and renditions by id. */
export interface Archive {
  /** False once it has failed for good: streams go on in memory, and what is listed must be in the rings again. */
  readonly available: boolean;
  /** A stream opens, or another producer goes on in it. Gives the recorder of each rendition. */
  open(stream: string, epoch: string, config: StreamConfig): (rendition: string) => Recorder;
  /** No more of this stream comes. */
  end(stream: string): void;
  /** Forgets the stream, with all that is kept of it. */
  remove(stream: string): void;
  /** The media of a part. Undefined where it is not kept, or cannot be read. */
  part(stream: string, rendition: string, id: PartId): Promise<Bytes | undefined>;
  /** The parts of a segment in order, gaps left out. Undefined where one is missing. */
  segment(stream: string, rendition: string, msn: Msn): Promise<readonly Bytes[] | undefined>;
  /** An init segment. Undefined where it is not kept, or cannot be read. */
  init(stream: string, rendition: string, epoch: string, index: number): Promise<Bytes | undefined>;
  /** Whether the media of a part is on disk by now. */
  isStored(stream: string, rendition: string, id: PartId): boolean;
  /** What is kept of a stream, for who looks at it; undefined where nothing is. */
  kept(stream: string): KeptStats | undefined;
  /** The disk as a whole. */
  readonly storage: StorageStats;
}
