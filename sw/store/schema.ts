import type { Bytes, DateRangeOptions, Msn, PartId, SegmentRecord, StreamConfig } from "eddy-hls/core";
import { type Clock, RelayError } from "eddy-hls/core";
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";

/** Chromium moves values over 64 KiB to files of their own, which costs three times as much. */
export const MAX_PIECE_BYTES = 64_000;
/** A flag of a stored part beside those of SegmentRecord: its media is not there. It is found again as a gap. */
export const PART_LOST = 4;
/** An older worker has this long to let go of the database when its version changes. */
const BLOCKED_MS = 3_000;

/** Which producer sends a stream, and which of its steps is expected next, by rendition. */
export interface ProducerRecord {
  readonly epoch: string;
  readonly session: number;
  readonly expected: Readonly<Record<string, number>>;
  /** Who names it may take over. */
  readonly key?: string;
  /** What it last noted, by rendition. */
  readonly marks?: Readonly<Record<string, string>>;
  /** Its page, as the browser names it for as long as it is open. */
  readonly clientId?: string;
}

/** One for each stream, written with every batch of it. */
export interface HeadRecord {
  /** Never used again, so that a stream that takes a name anew has nothing in common with the one before. */
  readonly id: number;
  readonly name: string;
  readonly epoch: string;
  readonly config: StreamConfig;
  readonly ended: boolean;
  readonly pinned: boolean;
  readonly title?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly producer?: ProducerRecord;
  /** A rendition's place here is its number in all keys. */
  readonly renditions: readonly RenditionHead[];
}

export interface RenditionHead {
  readonly id: string;
  readonly liveMsn: Msn;
  /** Where it stands, should the record of its last segment be unreadable. Absent before the first part. */
  readonly next?: { readonly msn: Msn; readonly partId: PartId };
}

interface RenditionKey {
  readonly stream: number;
  readonly rendition: number;
}

/** One for each segment; that of the open one is written again with each batch. */
export interface SegmentRow extends RenditionKey, SegmentRecord {
  readonly durationsMs: number[];
  readonly sizesBytes: number[];
  /** Those of SegmentRecord, and PART_LOST. */
  readonly flags: number[];
}

export interface InitRow extends RenditionKey {
  readonly index: number;
  readonly epoch: string;
  readonly bytes: Bytes;
}

export interface RangeRow extends RenditionKey {
  readonly order: number;
  readonly range: DateRangeOptions;
}

export interface StoreSchema extends DBSchema {
  streams: { key: number; value: HeadRecord };
  segments: { key: [number, number, Msn]; value: SegmentRow };
  inits: { key: [number, number, number, string]; value: InitRow };
  ranges: { key: [number, number, string]; value: RangeRow };
  /** Pieces of parts, by stream, rendition, part and piece. Written once. */
  media: { key: [number, number, PartId, number]; value: Bytes };
  /** Which worker writes (see Fence), and the window in ms that it was told to keep. */
  writer: { key: "token" | "windowMs"; value: string | number };
}

export type StoreName = StoreNames<StoreSchema>;
export const STORE_NAMES = [
  "streams",
  "segments",
  "inits",
  "ranges",
  "media",
  "writer",
] as const satisfies readonly StoreName[];
/** Those whose keys begin with the id of a stream. */
export const OWNED_STORES = ["segments", "inits", "ranges", "media"] as const satisfies readonly StoreName[];

export type StoreDatabase = IDBPDatabase<StoreSchema>;
type Upgrade = IDBPTransaction<StoreSchema, StoreName[], "versionchange">;

/** The step at place n takes a database of version n to version n + 1. What has been released here never changes. */
const MIGRATIONS: readonly ((database: StoreDatabase, upgrade: Upgrade) => void)[] = [
  (database) => {
    database.createObjectStore("streams", { keyPath: "id" });
    database.createObjectStore("segments", { keyPath: ["stream", "rendition", "msn"] });
    database.createObjectStore("inits", { keyPath: ["stream", "rendition", "index", "epoch"] });
    database.createObjectStore("ranges", { keyPath: ["stream", "rendition", "range.id"] });
    database.createObjectStore("media");
    database.createObjectStore("writer");
  },
];
export const SCHEMA_VERSION = MIGRATIONS.length;

export interface OpenDatabase {
  readonly name: string;
  readonly clock: Clock;
  /** A newer worker wants the database, or the browser took it away: this connection is of no use from now on. */
  readonly lost: (reason: string) => void;
}

/**
 * Opens the database and brings it to this version.
 * @throws RelayError `store-newer` when a newer version made it: it is left as it is. `store-unavailable` when there is no
 * IndexedDB, or it does not open
 */
export async function openDatabase({ name, clock, lost }: OpenDatabase): Promise<StoreDatabase> {
  let stopWaiting: (() => void) | undefined;
  let isLate = false;
  try {
    return await new Promise<StoreDatabase>((resolve, reject) => {
      const opening = openDB<StoreSchema>(name, SCHEMA_VERSION, {
        upgrade(database, oldVersion, newVersion, upgrade) {
          for (const migrate of MIGRATIONS.slice(oldVersion, newVersion ?? SCHEMA_VERSION)) migrate(database, upgrade);
        },
        blocked(currentVersion) {
          stopWaiting = clock.after(BLOCKED_MS, () => {
            isLate = true;
            reject(new Error(`an older worker holds version ${currentVersion} open`));
          });
        },
        blocking: () => lost("a newer version wants the database"),
        terminated: () => lost("the browser closed the database"),
      });
      opening.then((database) => (isLate ? database.close() : resolve(database)), reject);
    });
  } catch (thrown) {
    const { name: kind, message } = thrown as Error;
    const isNewer = kind === "VersionError";
    throw new RelayError(
      isNewer ? "store-newer" : "store-unavailable",
      `"${name}": expected to open version ${SCHEMA_VERSION}, got ${kind}: ${message}`,
      { cause: thrown },
    );
  } finally {
    stopWaiting?.();
  }
}
