import type { Msn, PartId, PartIndex } from "./ids.ts";
import type { RenditionKind } from "./rendition-options.ts";
import type { MediaSource } from "./stats.ts";

/** Bit of `InspectedSlots.flags`: its media is in the ring. */
export const SLOT_IN_RING = 1;
/** Bit of `InspectedSlots.flags`: its media is on disk. */
export const SLOT_STORED = 2;
/** Bit of `InspectedSlots.flags`: it starts with a key frame. */
export const SLOT_INDEPENDENT = 4;
/** Bit of `InspectedSlots.flags`: its media is missing, and it is listed as a gap. */
export const SLOT_GAP = 8;
/** Bit of `InspectedSlots.flags`: its segment is in the live playlist. */
export const SLOT_LISTED = 16;
/** Bit of `InspectedSlots.flags`: its segment is in the playlist of the DVR window. */
export const SLOT_IN_DVR = 32;

/** What `InspectedSlots.sources` counts through; `unknown` is what a worker before this one took. */
export const SLOT_SOURCES = ["unknown", "page", "peer", "origin"] as const satisfies readonly (
  | MediaSource
  | "unknown"
)[];

/** Slots that are told of at most, of each rendition: the newest. */
export const MAX_INSPECTED_SLOTS = 4096;

/** Slots of one rendition in columns, for consecutive part ids: typed arrays, which a message hands over without a copy. */
export interface InspectedSlots {
  /** Of the first column. */
  readonly firstId: PartId;
  /** Parent segment; 0 where no segment has the part: its id was given up, or its segment is known no more. */
  readonly msns: Float64Array<ArrayBuffer>;
  /** Index within the parent segment. */
  readonly parts: Uint16Array<ArrayBuffer>;
  /** In ms; 0 where it is not known. */
  readonly durationsMs: Float32Array<ArrayBuffer>;
  /** Bytes of each part. */
  readonly sizesBytes: Uint32Array<ArrayBuffer>;
  /** `SLOT_IN_RING` and the like. */
  readonly flags: Uint8Array<ArrayBuffer>;
  /** Wall clock at which this worker took it, in ms since the Unix epoch; 0 where another did. */
  readonly takenAtMs: Float64Array<ArrayBuffer>;
  /** Indexes of `SLOT_SOURCES`. */
  readonly sources: Uint8Array<ArrayBuffer>;
}

/** A position in the playlist, or a part, that requests wait for now. */
export interface InspectedWait {
  /** Absent where the part itself is asked for. */
  readonly position?: { readonly msn: Msn; readonly part: PartIndex };
  /** Absent where a playlist with the position is asked for. */
  readonly partId?: PartId;
  /** How many requests. */
  readonly requests: number;
}

/** One rendition as it was at one moment. */
export interface InspectedRendition {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`, unique in the stream. */
  readonly id: string;
  /** What is in it. */
  readonly kind: RenditionKind;
  /** Slots of the ring: parts whose ids differ by it share one. */
  readonly capacity: number;
  /** The part that comes next, and is hinted. */
  readonly nextId: PartId;
  /** Parts below have left the ring for good. */
  readonly floorId: PartId;
  /** Parts that left the ring to make room. */
  readonly evicted: number;
  /** Of the last init segment; -1 while there is none. */
  readonly initIndex: number;
  /** The newest slots. */
  readonly slots: InspectedSlots;
  /** What requests wait for now. */
  readonly waits: readonly InspectedWait[];
}

/** One stream as it was at one moment. */
export interface InspectedStream {
  /** As it was published or joined. */
  readonly name: string;
  /** Of the producer that writes now: part of every media URI. */
  readonly epoch: string;
  /** No more comes. */
  readonly ended: boolean;
  /** In the order in which they were declared. */
  readonly renditions: readonly InspectedRendition[];
}

/** `waiting`: not answered yet; `reading`: its body is being read; `done`: all of it was; `broken`: the reader left, or the worker dropped it. */
export type TracedState = "waiting" | "reading" | "done" | "broken";

/** What a request was for. */
export type TracedKind = "stats" | "multivariant" | "media" | "clip" | "init" | "part" | "segment" | "other";

/** One request, as far as it has come. */
export interface TracedRequest {
  /** Counts from 0 in each worker. */
  readonly number: number;
  /** Path below the base and query, of 300 characters at most. */
  readonly target: string;
  /** Path and query of the page that asked, where the browser says so. May hold whatever its address holds. */
  readonly page?: string;
  /** What it was for. */
  readonly kind: TracedKind;
  /** Absent where its path names none. */
  readonly stream?: string;
  /** Absent where its path names none. */
  readonly rendition?: string;
  /** Part id, segment or init segment, as its URI has it. */
  readonly media?: number;
  /** Media sequence number of the part or segment, or that a playlist was asked to wait for; where somebody has told. */
  readonly msn?: number;
  /** Index of the part in its segment, likewise. */
  readonly part?: number;
  /** When it was asked for by the stream's own time, in ms since its start, likewise. */
  readonly streamMs?: number;
  /** What befell it on purpose. */
  readonly faults?: readonly string[];
  /** Wall clock, in ms since the Unix epoch. */
  readonly askedAtMs: number;
  /** How far it has come. */
  readonly state: TracedState;
  /** From the request to its response, in ms; absent while it waits. */
  readonly answeredAfterMs?: number;
  /** From the request to the last byte that was read, in ms. */
  readonly doneAfterMs?: number;
  /** HTTP status of the answer; absent while it waits. */
  readonly status?: number;
  /** Handed over so far. */
  readonly sizeBytes: number;
  /** Where the media was when it was asked for: in the ring, on disk, partly in each, or not there yet. Absent of what is no media. */
  readonly from?: "ring" | "disk" | "both" | "ahead" | "nowhere";
}

/** Requests that were recorded while somebody looked. */
export interface RequestTrace {
  /** Made anew by each worker, and by each restart: numbers begin again with it. */
  readonly worker: string;
  /** Wall clock at which this worker began, in ms since the Unix epoch. */
  readonly startedAtMs: number;
  /** To be given back, to hear only of what has changed since. */
  readonly cursor: number;
  /** That changed since, by their numbers. */
  readonly requests: readonly TracedRequest[];
  /** Requests that were forgotten to make room. */
  readonly forgotten: number;
}

/** What a restart of the worker's relay dropped. */
export interface RestartReport {
  /** Streams that were in memory. */
  readonly streams: number;
  /** Media that was in the rings. */
  readonly droppedBytes: number;
  /** Answers that were broken off. */
  readonly brokenOff: number;
  /** `disk`: what was written comes back from there; `memory`: publishing pages alone can bring it back. */
  readonly persistence: "memory" | "disk";
}
