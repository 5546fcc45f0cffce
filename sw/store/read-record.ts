import { isName, resolveStreamOptions } from "eddy-hls/core";
import { readStep } from "../../src/wire/read-step.ts";
import type { HeadRecord, InitRow, ProducerRecord, RangeRow, RenditionHead, SegmentRow } from "./schema.ts";

// What a database holds may be anything: each reader gives undefined for a record that is not what was written.

type Fields = Readonly<Record<string, unknown>>;

/** Playlists write dates up to here. */
const MAX_DATE_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export function readHead(value: unknown): HeadRecord | undefined {
  if (!isFields(value)) return undefined;
  const { id, name, epoch, config, ended, pinned, title, createdAtMs, updatedAtMs, producer, renditions } = value;
  if (!isCount(id) || !isName(name) || !isName(epoch) || typeof ended !== "boolean" || typeof pinned !== "boolean")
    return undefined;
  if (!isReal(createdAtMs) || !isReal(updatedAtMs) || (title !== undefined && typeof title !== "string"))
    return undefined;
  if (producer !== undefined && !isProducer(producer)) return undefined;
  if (!isArrayOf(renditions, isRenditionHead)) return undefined;
  try {
    const resolved = resolveStreamOptions(config as HeadRecord["config"]);
    const ids = new Set(renditions.map(({ id }) => id));
    if (ids.size !== renditions.length || ids.size !== resolved.renditions.length) return undefined;
    if (!resolved.renditions.every(({ id }) => ids.has(id))) return undefined;
  } catch {
    return undefined;
  }
  return value as unknown as HeadRecord;
}

export function readSegment(value: unknown): SegmentRow | undefined {
  if (!isFields(value)) return undefined;
  const { stream, rendition, msn, epoch, firstPartId, startMs, wallOffsetMs, initIndex, initEpoch } = value;
  if (!isCount(stream) || !isCount(rendition) || !isCount(msn) || !isCount(firstPartId)) return undefined;
  if (!isName(epoch) || !isName(initEpoch)) return undefined;
  if (!isReal(startMs) || !isReal(wallOffsetMs) || !(initIndex === -1 || isCount(initIndex))) return undefined;
  if (startMs + wallOffsetMs < 0 || startMs + wallOffsetMs > MAX_DATE_MS) return undefined;
  const { discontinuity, discontinuitySequence, keys, durationsMs, sizesBytes, flags } = value;
  if (typeof discontinuity !== "boolean" || !isCount(discontinuitySequence) || !areKeys(keys)) return undefined;
  if (!isArrayOf(durationsMs, isPositive) || !isArrayOf(sizesBytes, isCount) || !isArrayOf(flags, isCount))
    return undefined;
  const { length } = durationsMs;
  if (length === 0 || sizesBytes.length !== length || flags.length !== length) return undefined;
  return value as unknown as SegmentRow;
}

export function readInit(value: unknown): InitRow | undefined {
  if (!isFields(value)) return undefined;
  const { stream, rendition, index, epoch, bytes } = value;
  if (!isCount(stream) || !isCount(rendition) || !isCount(index) || !isName(epoch)) return undefined;
  return bytes instanceof Uint8Array && bytes.byteLength > 0 ? (value as unknown as InitRow) : undefined;
}

export function readRange(value: unknown): RangeRow | undefined {
  if (!isFields(value)) return undefined;
  const { stream, rendition, order, range } = value;
  if (!isCount(stream) || !isCount(rendition) || !isCount(order)) return undefined;
  return isStep({ kind: "dateRange", range }) ? (value as unknown as RangeRow) : undefined;
}

function isRenditionHead(value: unknown): value is RenditionHead {
  if (!isFields(value)) return false;
  const { id, liveMsn, next } = value;
  return isName(id) && isCount(liveMsn) && (next === undefined || isNext(next));
}

function isNext(value: unknown): boolean {
  return isFields(value) && isCount(value.msn) && isCount(value.partId);
}

function isProducer(value: unknown): value is ProducerRecord {
  if (!isFields(value)) return false;
  const { epoch, session, expected, key, marks = {}, clientId } = value;
  if (![key, clientId].every((text) => text === undefined || typeof text === "string") || !isFields(marks))
    return false;
  if (!Object.values(marks).every((mark) => typeof mark === "string")) return false;
  return isName(epoch) && isReal(session) && isFields(expected) && Object.values(expected).every(isCount);
}

function areKeys(keys: unknown): boolean {
  return (Array.isArray(keys) && keys.length === 0) || isStep({ kind: "key", keys });
}

/** Whether a producer could have said this: what it could not have fails the restoring of its whole stream. */
function isStep(value: Fields): boolean {
  try {
    readStep(value);
    return true;
  } catch {
    return false;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isArrayOf<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  if (!Array.isArray(value)) return false;
  // Not `every()`, which passes holes over.
  for (const item of value) if (!is(item)) return false;
  return true;
}

function isReal(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isPositive(value: unknown): value is number {
  return isReal(value) && value > 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
