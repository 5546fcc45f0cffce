import type { BoxReader, BoxSpan } from "./boxes.ts";

const hex = (value: number, digits = 2) => value.toString(16).padStart(digits, "0");
const two = (value: number) => String(value).padStart(2, "0");

/** Size of a sample entry before its child boxes: ISO/IEC 14496-12 12.1.3.2 and 12.2.3.2. */
const VISUAL_ENTRY_SIZE = 78;
const AUDIO_ENTRY_SIZE = 28;

/** Reads a codec string out of the box that says the profile. */
type Describe = (config: DataView, type: string) => string | undefined;

interface Codec {
  /** Size of its sample entry before the child boxes. */
  readonly entrySize: number;
  /** The child that says the profile. */
  readonly box: string;
  readonly describe: Describe;
}

const video = (box: string, describe: Describe): Codec => ({ entrySize: VISUAL_ENTRY_SIZE, box, describe });
const audio = (box: string, describe: Describe): Codec => ({ entrySize: AUDIO_ENTRY_SIZE, box, describe });
/** RFC 6381 3.3. */
const avc = video("avcC", (c, type) => `${type}.${[1, 2, 3].map((at) => hex(c.getUint8(at))).join("")}`);
const hevc = video("hvcC", describeHevc);

const CODECS: Readonly<Record<string, Codec>> = {
  avc1: avc,
  avc3: avc,
  hvc1: hevc,
  hev1: hevc,
  vp09: video("vpcC", (c) => `vp09.${two(c.getUint8(4))}.${two(c.getUint8(5))}.${two(c.getUint8(6) >> 4)}`),
  av01: video("av1C", describeAv1),
  mp4a: audio("esds", describeMp4a),
  Opus: audio("dOps", () => "opus"),
  fLaC: audio("dfLa", () => "flac"),
  "ac-3": audio("dac3", () => "ac-3"),
  "ec-3": audio("dec3", () => "ec-3"),
};

/** The RFC 6381 codec string of a sample entry; undefined for a codec that is not known here, or one described oddly. */
export function codecOf(reader: BoxReader, entry: BoxSpan): string | undefined {
  const type = originalFormat(reader, entry);
  const codec = CODECS[type];
  if (codec === undefined) return undefined;
  const { entrySize, box: wanted, describe } = codec;
  if (entry.end - entry.bodyStart < entrySize)
    return reader.fail(`${entry.type}: expected at least ${entrySize} bytes`);
  const config = reader.boxes(entry.bodyStart + entrySize, entry.end).find((box) => box.type === wanted);
  if (config === undefined) return undefined;
  try {
    return describe(reader.body(config), type);
  } catch {
    // A configuration too short to be read: the track stands, only its name is unknown.
    return undefined;
  }
}

/** Of an encrypted entry the format it had before (ISO/IEC 14496-12 8.12); of others their own. */
function originalFormat(reader: BoxReader, entry: BoxSpan): string {
  if (entry.type !== "encv" && entry.type !== "enca") return entry.type;
  const start = entry.bodyStart + (entry.type === "encv" ? VISUAL_ENTRY_SIZE : AUDIO_ENTRY_SIZE);
  if (start > entry.end) return reader.fail(`${entry.type}: expected a whole sample entry`);
  const sinf = reader.boxes(start, entry.end).find((box) => box.type === "sinf");
  const frma = sinf === undefined ? undefined : reader.children(sinf).find((box) => box.type === "frma");
  if (frma === undefined || frma.end - frma.bodyStart < 4) return entry.type;
  const body = reader.body(frma);
  return String.fromCharCode(...[0, 1, 2, 3].map((at) => body.getUint8(at)));
}

/** ISO/IEC 14496-15 E.3. */
function describeHevc(c: DataView, type: string): string {
  const profile = c.getUint8(1);
  const space = ["", "A", "B", "C"][profile >> 6] ?? "";
  let compatibility = 0;
  for (let bit = 0, flags = c.getUint32(2); bit < 32; bit++) {
    compatibility = ((compatibility << 1) | ((flags >>> bit) & 1)) >>> 0;
  }
  const constraints = [6, 7, 8, 9, 10, 11].map((at) => c.getUint8(at));
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const tier = profile & 0x20 ? "H" : "L";
  const parts = [type, `${space}${profile & 0x1f}`, compatibility.toString(16), `${tier}${c.getUint8(12)}`];
  return [...parts, ...constraints.map((value) => value.toString(16))].join(".");
}

/** AV1 Codec ISO Media File Format Binding, 5: `av01.P.LLT.DD`. */
function describeAv1(c: DataView): string {
  const profileLevel = c.getUint8(1);
  const flags = c.getUint8(2);
  const depth = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
  return `av01.${profileLevel >> 5}.${two(profileLevel & 0x1f)}${flags & 0x80 ? "H" : "M"}.${two(depth)}`;
}

/** RFC 6381 3.3: `mp4a.` object type, and for MPEG-4 audio the audio object type, out of the descriptors of ISO/IEC 14496-1 7.2.6. */
function describeMp4a(esds: DataView): string | undefined {
  let at = 4;
  const descriptor = (wanted: number): number => {
    if (esds.getUint8(at++) !== wanted) throw new RangeError("another descriptor");
    for (let i = 0; i < 4 && esds.getUint8(at++) & 0x80; i++);
    return at;
  };
  descriptor(3);
  const flags = esds.getUint8(at + 2);
  at += 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0);
  if (flags & 0x40) at += 1 + esds.getUint8(at);
  descriptor(4);
  const objectType = esds.getUint8(at);
  if (objectType !== 0x40) return `mp4a.${hex(objectType)}`;
  at += 13;
  descriptor(5);
  const first = esds.getUint8(at);
  const audioType = first >> 3 === 31 ? 32 + (((first & 7) << 3) | (esds.getUint8(at + 1) >> 5)) : first >> 3;
  return `mp4a.40.${audioType}`;
}
