import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { isName } from "../model/ids.ts";
import { resolveStreamOptions, type StreamOptions } from "../model/options.ts";
import type { PartKey, StreamCard } from "../model/part-header.ts";
import { MAX_RENDITIONS, type RenditionOptions } from "../model/rendition-options.ts";
import { ByteReader, malformed } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { MAX_CARD_BYTES } from "./frame-limits.ts";
import { readEpoch, readSignature, writeEpoch, writeSignature } from "./part-header-codec.ts";
import { PART_KEY_BYTES, readPartKey, writePartKey } from "./part-key-codec.ts";

/** A card as it travels. */
export interface SignedCard {
  readonly card: StreamCard;
  /** What was signed, byte for byte. */
  readonly encoded: Bytes;
  /** Ed25519 over `encoded`; empty where the site chose `integrity: "none"`. */
  readonly signature: Bytes;
}

/** "EdC" and the version of the layout. */
const MARK = 0x45_64_43_01;
const KEY_BYTES = 32;
const ENDED = 1;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const NAME_EXPECTED = "1 to 64 of A-Z a-z 0-9 . _ -";

type FieldOf<T> = readonly (keyof T & string)[];
/** What of the options travels, in the order in which it is written. */
const STREAM_FIELDS: FieldOf<StreamOptions> = [
  "partTargetMs",
  "targetDurationMs",
  "segmentMinMs",
  "type",
  "parts",
  "skipDateRanges",
];
const RENDITION_FIELDS: FieldOf<RenditionOptions> = [
  "id",
  "kind",
  "container",
  "codecs",
  "bandwidth",
  "width",
  "height",
  "frameRate",
  "videoRange",
  "language",
  "name",
  "default",
  "group",
  "channels",
  "segmentMinMs",
];

/** The fields that we know, in their order: unknown ones, of a later release, are left out. */
function picked<T extends object>(value: T, fields: FieldOf<T>): T {
  const kept = fields.filter((field) => Object.hasOwn(value, field) && value[field] !== undefined);
  return Object.fromEntries(kept.map((field) => [field, value[field]])) as T;
}

/** Checked as a producer's would be: what comes out is what a relay takes. */
function checkOptions(value: unknown): StreamOptions {
  try {
    const options = value as StreamOptions;
    const checked: StreamOptions = {
      renditions: options.renditions
        .slice(0, MAX_RENDITIONS + 1)
        .map((rendition) => picked(rendition, RENDITION_FIELDS)),
      ...picked<Partial<StreamOptions>>(options, STREAM_FIELDS),
    };
    resolveStreamOptions(checked);
    return checked;
  } catch (error) {
    const { message } = RelayError.from(error);
    throw new RelayError("malformed-frame", `options: expected those of a stream, got ${message}`, { cause: error });
  }
}

/**
 * The bytes of a card that are signed.
 * @throws RelayError `malformed-frame` where a field is beyond what the layout takes
 */
export function encodeCard(card: StreamCard): Bytes {
  const { name, publicKey, epoch, revision, ended } = card;
  if (!isName(name)) throw malformed("name", NAME_EXPECTED, name);
  const options = new TextEncoder().encode(JSON.stringify(checkOptions(card.options)));
  const endedBytes = ended === undefined ? 0 : 1 + ended.length * PART_KEY_BYTES;
  const writer = new ByteWriter(
    4 + 16 + 4 + 1 + 1 + publicKey.byteLength + 1 + name.length + endedBytes + 2 + options.byteLength,
  );
  writer.u32("mark", MARK);
  writeEpoch(writer, epoch);
  writer.u32("revision", revision);
  writer.u8("flags", ended === undefined ? 0 : ENDED);
  writer.u8("key length", checkKeyLength(publicKey.byteLength));
  writer.bytes(publicKey);
  writer.text("name", name, NAME, NAME_EXPECTED);
  if (ended !== undefined) {
    checkEnded(ended);
    writer.u8("ended", ended.length, 0, MAX_RENDITIONS);
    for (const key of ended) writePartKey(writer, key);
  }
  writer.u16("options length", options.byteLength, 0, MAX_CARD_BYTES);
  writer.bytes(options);
  return writer.done();
}

/** A card and what proves it, as a card frame carries it. */
export function joinCard(encoded: Bytes, signature: Bytes): Bytes {
  const writer = new ByteWriter(encoded.byteLength + 1 + signature.byteLength);
  writer.bytes(encoded);
  writeSignature(writer, signature);
  return writer.done();
}

/** Reads what `joinCard()` made, as views of `bytes`; nothing of it is proven yet. @throws RelayError `malformed-frame` */
export function decodeCard(bytes: Bytes): SignedCard {
  if (bytes.byteLength > MAX_CARD_BYTES) throw malformed("card", `at most ${MAX_CARD_BYTES} bytes`, bytes.byteLength);
  const reader = new ByteReader(bytes);
  const mark = reader.u32("mark");
  if (mark !== MARK) throw malformed("mark", MARK.toString(16), mark.toString(16));
  const epoch = readEpoch(reader);
  const revision = reader.u32("revision");
  const flags = reader.u8("flags", 0, ENDED);
  const publicKey = reader.bytes("key", checkKeyLength(reader.u8("key length")));
  const name = reader.text("name", NAME, NAME_EXPECTED);
  if (!isName(name)) throw malformed("name", NAME_EXPECTED, name);
  const ended = flags === ENDED ? readEnded(reader) : undefined;
  const options = readOptions(reader.bytes("options", reader.u16("options length")));
  const encoded = bytes.subarray(0, bytes.byteLength - reader.left);
  const signature = readSignature(reader);
  reader.end("card");
  const card = { name, publicKey, epoch, revision, options, ...(ended === undefined ? {} : { ended }) };
  return { card, encoded, signature };
}

function readOptions(json: Bytes): StreamOptions {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new RelayError("malformed-frame", "options: expected JSON in UTF-8, got something else", { cause: error });
  }
  return checkOptions(value);
}

function readEnded(reader: ByteReader): readonly PartKey[] {
  const ended: PartKey[] = [];
  for (let left = reader.u8("ended", 0, MAX_RENDITIONS); left > 0; left--) ended.push(readPartKey(reader));
  checkEnded(ended);
  return ended;
}

/** One last part of each rendition at most, in their order: one end has one encoding. */
function checkEnded(ended: readonly PartKey[]): void {
  const misplaced = ended.find(({ rendition }, index) => rendition <= (ended[index - 1]?.rendition ?? -1));
  if (misplaced !== undefined) throw malformed("ended", "renditions in ascending order", misplaced.rendition);
}

function checkKeyLength(sizeBytes: number): number {
  if (sizeBytes === 0 || sizeBytes === KEY_BYTES) return sizeBytes;
  throw malformed("key", "0 or 32 bytes", sizeBytes);
}
