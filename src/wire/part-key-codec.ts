import { MAX_PARTS_PER_SEGMENT, type PartKey } from "../model/part-header.ts";
import { MAX_RENDITIONS } from "../model/rendition-options.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { MAX_MSN } from "./frame-limits.ts";

/** Bytes of a position within a rendition: 6 of the MSN, 2 of the part. */
export const POSITION_BYTES = 8;
/** Bytes of a position within a stream: 1 of the rendition before these. */
export const PART_KEY_BYTES = 1 + POSITION_BYTES;

type Position = Pick<PartKey, "msn" | "part">;

export function readRendition(reader: ByteReader): number {
  return reader.u8("rendition", 0, MAX_RENDITIONS - 1);
}

export function writeRendition(writer: ByteWriter, rendition: number): void {
  writer.u8("rendition", rendition, 0, MAX_RENDITIONS - 1);
}

export function readPosition(reader: ByteReader): Position {
  const msn = reader.u48("msn", MAX_MSN);
  return { msn, part: reader.u16("part", 0, MAX_PARTS_PER_SEGMENT - 1) };
}

export function writePosition(writer: ByteWriter, { msn, part }: Position): void {
  writer.u48("msn", msn, MAX_MSN);
  writer.u16("part", part, 0, MAX_PARTS_PER_SEGMENT - 1);
}

export function readPartKey(reader: ByteReader): PartKey {
  const rendition = readRendition(reader);
  return { rendition, ...readPosition(reader) };
}

export function writePartKey(writer: ByteWriter, key: PartKey): void {
  writeRendition(writer, key.rendition);
  writePosition(writer, key);
}
