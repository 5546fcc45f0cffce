import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { ascii, box, fullBox, join, u8, u16, u32 } from "./box-writer.ts";

/** What a decoder of one track is set up with, as WebCodecs tells it. */
export interface TrackSetup {
  readonly kind: "video" | "audio";
  /** The full RFC 6381 string. */
  readonly codec: string;
  /** avcC, hvcC, AudioSpecificConfig, OpusHead or the FLAC header; VP9, AV1, MP3 and simple Opus need none. */
  readonly description?: Bytes | undefined;
  /** Of video: coded pixels, before the turn. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Proportions of the picture as it is shown, where its pixels are not square. */
  readonly displayAspectWidth?: number | undefined;
  readonly displayAspectHeight?: number | undefined;
  /** Clockwise degrees. Default 0. */
  readonly rotation?: 0 | 90 | 180 | 270 | undefined;
  /** Of audio. */
  readonly sampleRate?: number | undefined;
  readonly channels?: number | undefined;
  readonly colorSpace?: ColorSpace | undefined;
}

/** As WebCodecs' VideoColorSpaceInit has it. */
export interface ColorSpace {
  readonly primaries?: string | null | undefined;
  readonly transfer?: string | null | undefined;
  readonly matrix?: string | null | undefined;
  readonly fullRange?: boolean | null | undefined;
}

/** ISO/IEC 23091-2: code points of WebCodecs' names, in this order in `colr` and `vpcC`. */
const PRIMARIES: Readonly<Record<string, number>> = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 };
const TRANSFER: Readonly<Record<string, number>> = {
  bt709: 1,
  smpte170m: 6,
  linear: 8,
  "iec61966-2-1": 13,
  pq: 16,
  hlg: 18,
};
const MATRIX: Readonly<Record<string, number>> = { rgb: 0, bt709: 1, bt470bg: 5, smpte170m: 6, "bt2020-ncl": 9 };
const UNSPECIFIED = 2;

interface Carriage {
  readonly codec: RegExp;
  /** Type of the sample entry. */
  readonly entry: string;
  /** What stands in it for the decoder. */
  readonly config: (track: TrackSetup) => Bytes;
}

const CARRIAGES: readonly Carriage[] = [
  { codec: /^avc[13]\./, entry: "avc1", config: (track) => box("avcC", [described(track)]) },
  { codec: /^(hvc1|hev1)\./, entry: "hvc1", config: (track) => box("hvcC", [described(track)]) },
  { codec: /^vp09\.\d+\.\d+\.\d+/, entry: "vp09", config: vp9 },
  { codec: /^av01\.\d\.\d+[MH]\.\d+/, entry: "av01", config: av1 },
  { codec: /^mp4a\.(40|67)/, entry: "mp4a", config: (track) => esds(0x40, described(track)) },
  { codec: /^(mp3|mp4a\.6[9bB])$/, entry: "mp4a", config: () => esds(0x6b) },
  { codec: /^opus$/i, entry: "Opus", config: opus },
  // Behind the mark "fLaC" the description is what stands in the box.
  { codec: /^flac$/i, entry: "fLaC", config: (track) => fullBox("dfLa", 0, 0, [described(track).subarray(4)]) },
];

/**
 * The sample entry of a track.
 * @throws RelayError `unsupported-media` for a codec that is not carried here, or that lacks its description
 * @see ISO/IEC 14496-12 12.1.3, 12.2.3
 */
export function sampleEntry(track: TrackSetup): Bytes {
  const carriage = CARRIAGES.find(({ codec }) => codec.test(track.codec));
  if (carriage === undefined) {
    throw new RelayError(
      "unsupported-media",
      `expected H.264, HEVC, VP9, AV1, AAC, Opus, FLAC or MP3, got ${track.codec}`,
    );
  }
  const reserved = [u8(0, 0, 0, 0, 0, 0), u16(1)];
  const config = carriage.config(track);
  if (track.kind === "audio") {
    const { channels = 2, sampleRate = 0 } = track;
    const rate = sampleRate < 65_536 ? sampleRate : 0;
    return box(carriage.entry, [...reserved, u32(0, 0), u16(channels, 16, 0, 0, rate, 0), config]);
  }
  const { width = 0, height = 0 } = track;
  const picture = [u16(width, height), u32(0x48_0000, 0x48_0000, 0), u16(1)];
  const rest = [new Uint8Array(32), u16(24, 0xffff), config, ...pixelAspect(track), ...color(track.colorSpace)];
  return box(carriage.entry, [...reserved, u32(0, 0, 0, 0), ...picture, ...rest]);
}

function described({ codec, description }: TrackSetup): Bytes {
  if (description !== undefined) return description;
  throw new RelayError("unsupported-media", `expected the decoder's description of ${codec}, got none`);
}

/** @see ISO/IEC 14496-12 12.1.4 */
function pixelAspect({ width = 0, height = 0, displayAspectWidth, displayAspectHeight }: TrackSetup): Bytes[] {
  if (!displayAspectWidth || !displayAspectHeight) return [];
  const [horizontal, vertical] = [displayAspectWidth * height, displayAspectHeight * width];
  const divisor = greatestCommonDivisor(horizontal, vertical);
  return horizontal === vertical ? [] : [box("pasp", [u32(horizontal / divisor, vertical / divisor)])];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** @see ISO/IEC 14496-12 12.1.5 */
function color(space: ColorSpace | undefined): Bytes[] {
  const { primaries, transfer, matrix, fullRange } = space ?? {};
  if (!primaries && !transfer && !matrix && fullRange == null) return [];
  const codes = u16(
    PRIMARIES[primaries ?? ""] ?? UNSPECIFIED,
    TRANSFER[transfer ?? ""] ?? UNSPECIFIED,
    MATRIX[matrix ?? ""] ?? UNSPECIFIED,
  );
  return [box("colr", [ascii("nclx"), codes, u8(fullRange ? 0x80 : 0)])];
}

/** @see VP Codec ISO Media File Format Binding, 1.0: what its codec string leaves out is 4:2:0 and BT.709. */
function vp9({ codec, colorSpace }: TrackSetup): Bytes {
  const [profile = 0, level = 0, depth = 8, subsampling = 1, primaries, transfer, matrix, fullRange] = codec
    .split(".")
    .slice(1)
    .map(Number);
  const { primaries: p, transfer: t, matrix: m, fullRange: f } = colorSpace ?? {};
  return fullBox("vpcC", 1, 0, [
    u8(profile, level, (depth << 4) | (subsampling << 1) | (fullRange ?? Number(f ?? false))),
    u8(primaries ?? PRIMARIES[p ?? ""] ?? 1, transfer ?? TRANSFER[t ?? ""] ?? 1, matrix ?? MATRIX[m ?? ""] ?? 1),
    u16(0),
  ]);
}

/** @see AV1 Codec ISO Media File Format Binding, 2.3.3 and 5: without OBUs, which key frames carry. */
function av1({ codec, description }: TrackSetup): Bytes {
  if (description !== undefined) return box("av1C", [description]);
  const [, profile = "0", level = "00M", depth = "8", monochrome = "0", subsampling = "110"] = codec.split(".");
  const tier = level.endsWith("H") ? 0x80 : 0;
  const bits = depth === "12" ? 0x60 : depth === "10" ? 0x40 : 0;
  const [x = 1, y = 1, position = 0] = [...subsampling].map(Number);
  return box("av1C", [
    u8(
      0x81,
      (Number(profile) << 5) | Number.parseInt(level, 10),
      tier | bits | (Number(monochrome) << 4) | (x << 3) | (y << 2) | position,
      0,
    ),
  ]);
}

/** 80 ms at 48 kHz, for an encoder that does not say. */
const OPUS_PRE_SKIP = 3840;
const OPUS_HEAD_BYTES = 19;

/** @see Encapsulation of Opus in ISOBMFF 4.3.2; the OpusHead of RFC 7845 5.1 says the same in little endian */
function opus({ channels = 2, sampleRate = 48_000, description }: TrackSetup): Bytes {
  if (description === undefined || description.byteLength < OPUS_HEAD_BYTES) {
    return box("dOps", [u8(0, channels), u16(OPUS_PRE_SKIP), u32(sampleRate), u16(0), u8(0)]);
  }
  const head = new DataView(description.buffer, description.byteOffset, description.byteLength);
  return box("dOps", [
    u8(0, head.getUint8(9)),
    u16(head.getUint16(10, true)),
    u32(head.getUint32(12, true)),
    u16(head.getUint16(16, true)),
    description.subarray(18), // the mapping family, and its table where it has one
  ]);
}

/** @see ISO/IEC 14496-1 7.2.6: descriptors in each other, each a tag and a size */
function esds(objectType: number, specificInfo?: Bytes): Bytes {
  const info = specificInfo === undefined ? [] : [descriptor(0x05, [specificInfo])];
  const decoder = descriptor(0x04, [u8(objectType, 0x15, 0, 0, 0), u32(0, 0), ...info]);
  return fullBox("esds", 0, 0, [descriptor(0x03, [u16(1), u8(0), decoder, descriptor(0x06, [u8(2)])])]);
}

function descriptor(tag: number, pieces: readonly Bytes[]): Bytes {
  const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const length = [size & 0x7f];
  // Seven bits a byte, of which all but the last say that more follow.
  for (let rest = size >>> 7; rest > 0; rest >>>= 7) length.unshift(0x80 | (rest & 0x7f));
  return join([u8(tag, ...length), ...pieces]);
}
