import { RelayError } from "./errors.ts";

/** Media sequence number of a segment: an integer, at least 1 (hls.js never blocks on 0). */
export type Msn = number;
/** Index of a part within its parent segment, from 0. */
export type PartIndex = number;
/** Number of a part within its rendition: grows by one with each part, over all segments, and is never reused. */
export type PartId = number;

/** Where a part stands in a playlist. */
export interface PartPosition {
  /** Of its segment. */
  readonly msn: Msn;
  /** Within its segment. */
  readonly part: PartIndex;
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** Whether `name` may name a stream or a rendition: 1 to 64 of `A-Z a-z 0-9 . _ -`, and no path (`.`, `..`). */
export function isName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name) && name !== "." && name !== "..";
}

/** Returns `name`. @throws RelayError `invalid-name` */
export function checkName(name: unknown, what: string): string {
  if (isName(name)) return name;
  throw new RelayError(
    "invalid-name",
    `${what}: expected 1 to 64 of A-Z a-z 0-9 . _ -, got ${typeof name === "string" ? JSON.stringify(name).slice(0, 80) : typeof name}`,
  );
}
