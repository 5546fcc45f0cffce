import type { RelayErrorCode } from "./errors.ts";

/** Longest title of a stream, in UTF-16 code units. */
export const MAX_TITLE_LENGTH = 120;

/** Shortest DVR window that may be set, in ms. */
export const MIN_DVR_WINDOW_MS = 60_000;
/** Longest DVR window that may be set, in ms. */
export const MAX_DVR_WINDOW_MS = 24 * 3_600_000;

/** What is kept on disk of one stream. */
export interface KeptStats {
  /** Media on disk. */
  readonly sizeBytes: number;
  /** Length of what is kept, in ms. */
  readonly windowMs: number;
  /** Time does not remove it, and neither does the need for room. */
  readonly pinned: boolean;
  /** What a person calls it; absent while that is its name. */
  readonly title?: string;
  /** When it was first published, in ms since the Unix epoch. */
  readonly createdAtMs: number;
}

/** Something that went wrong with the disk. */
export interface StorageTrouble {
  /** To branch on. */
  readonly code: RelayErrorCode;
  /** What was expected and what came. */
  readonly message: string;
  /** When, in ms since the Unix epoch. */
  readonly atMs: number;
}

/** The disk as a whole. */
export interface StorageStats {
  /** Media of all streams on disk. */
  readonly sizeBytes: number;
  /** Media that each stream keeps at most, in ms. What is pinned keeps all of its own. */
  readonly windowMs: number;
  /** What the browser lets this origin store, in bytes; absent while it has not said. */
  readonly quotaBytes?: number;
  /** The last thing that went wrong with the disk, and when, in ms since the Unix epoch; absent while nothing has. */
  readonly trouble?: StorageTrouble;
}
