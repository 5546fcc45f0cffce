import type { Bytes } from "../model/bytes.ts";
import type { TrackDescription } from "./source.ts";

type Contents = readonly (number | Uint8Array | readonly number[])[];

/** Frames last whole ticks of it at every usual rate. */
const VIDEO_TIMESCALE = 57_600;
/** Of the whole; whatever is told in it is told by fragments here. */
const MOVIE_TIMESCALE = 57_600;
/** ISO 639-2 `und`, packed. */
const UNDETERMINED = 0x55c4;
const PRIMARIES: Readonly<Record<string, number>> = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 };
const TRANSFERS: Readonly<Record<string, number>> = {
  bt709: 1,
  smpte170m: 6,
  linear: 8,
  "iec61966-2-1": 13,
  pq: 16,
  hlg: 18,
};
const MATRICES: Readonly<Record<string, number>> = { rgb: 0, bt709: 1, bt470bg: 5, smpte170m: 6, "bt2020-ncl": 9 };
/** Where nothing is said of a colour. ISO/IEC 23091-2 */
const UNSPECIFIED = 2;

/**
 * ftyp and moov of tracks as WebCodecs encodes them: H.264, VP9 and AV1, Opus and AAC. Undefined where a track is anything else, or lacks what
 * its decoder is set up with. @see ISO/IEC 14496-12
 */
export function initBoxes(tracks: readonly TrackDescription[]): Bytes | undefined {
  const entries = tracks.map(sampleEntry);
  const traks: Bytes[] = [];
  for (const [index, track] of tracks.entries()) {
    const entry = entries[index];
    if (entry === undefined) return undefined;
    traks.push(trak(track, index + 1, entry));
  }
  const trexs = tracks.map((_, index) => fullBox("trex", 0, [u32(index + 1), u32(1), u32(0), u32(0), u32(0)]));
  const moov = box("moov", [mvhd(tracks.length + 1), ...traks, box("mvex", trexs)]);
  const ftyp = box("ftyp", [ascii("iso5"), u32(0x200), ascii("iso5iso6mp41")]);
  return joined([ftyp, moov]);
}

function mvhd(nextTrackId: number): Bytes {
  return fullBox("mvhd", 0, [
    zeros(8), // times
    u32(MOVIE_TIMESCALE),
    u32(0), // duration: fragments tell it
    u32(0x10000), // rate
    u16(0x100), // volume
    zeros(10),
    matrix(0, 0, 0),
    zeros(24),
    u32(nextTrackId),
  ]);
}

function trak(track: TrackDescription, id: number, entry: Bytes): Bytes {
  const isVideo = track.kind === "video";
  const { width, height } = sizeOf(track);
  const tkhd = fullBox("tkhd", 3, [
    zeros(8),
    u32(id),
    zeros(8),
    zeros(8),
    u16(0), // layer
    u16(isVideo ? 0 : 1), // alternate group
    u16(isVideo ? 0 : 0x100), // volume
    u16(0),
    matrix(track.rotation ?? 0, width, height),
    u32(width << 16),
    u32(height << 16),
  ]);
  const timescale = isVideo ? VIDEO_TIMESCALE : (track.decoderConfig as AudioDecoderConfig).sampleRate;
  const mdhd = fullBox("mdhd", 0, [zeros(8), u32(timescale), u32(0), u16(UNDETERMINED), u16(0)]);
  const hdlr = fullBox("hdlr", 0, [u32(0), ascii(isVideo ? "vide" : "soun"), zeros(12), 0]);
  const header = isVideo ? fullBox("vmhd", 1, [zeros(8)]) : fullBox("smhd", 0, [zeros(4)]);
  const dinf = box("dinf", [fullBox("dref", 0, [u32(1), fullBox("url ", 1, [])])]);
  const stbl = box("stbl", [
    fullBox("stsd", 0, [u32(1), entry]),
    fullBox("stts", 0, [u32(0)]),
    fullBox("stsc", 0, [u32(0)]),
    fullBox("stsz", 0, [u32(0), u32(0)]),
    fullBox("stco", 0, [u32(0)]),
  ]);
  return box("trak", [tkhd, box("mdia", [mdhd, hdlr, box("minf", [header, dinf, stbl])])]);
}

/** Turns a picture clockwise, and moves it back to where it was. ISO/IEC 14496-12 6.2.2 */
function matrix(rotation: number, width: number, height: number): number[] {
  const [a, b, c, d, x, y] = {
    0: [1, 0, 0, 1, 0, 0],
    90: [0, 1, -1, 0, height, 0],
    180: [-1, 0, 0, -1, width, height],
    270: [0, -1, 1, 0, 0, width],
  }[rotation] ?? [1, 0, 0, 1, 0, 0];
  const fixed = [a, b, 0, c, d, 0, x, y].flatMap((value = 0) => u32(value * 0x10000));
  return [...fixed, ...u32(0x40000000)];
}

function sampleEntry(track: TrackDescription): Bytes | undefined {
  return track.kind === "video" ? videoEntry(track) : audioEntry(track);
}

function videoEntry(track: TrackDescription): Bytes | undefined {
  const { codec } = track;
  const config = track.decoderConfig as VideoDecoderConfig;
  const { width, height } = sizeOf(track);
  const type = codec.split(".", 1)[0] ?? "";
  const setup = videoSetup(type, codec, config);
  const isSquare = config.displayAspectWidth === undefined && config.displayAspectHeight === undefined;
  if (setup === undefined || !isSquare || width === 0 || height === 0) return undefined;
  return box(type, [
    zeros(6),
    u16(1), // data reference
    zeros(16),
    u16(width),
    u16(height),
    u32(0x480000), // 72 dpi
    u32(0x480000),
    u32(0),
    u16(1), // frames in a sample
    zeros(32), // compressor name
    u16(24), // depth
    u16(0xffff),
    setup,
    colr(config.colorSpace),
  ]);
}

function videoSetup(type: string, codec: string, { description, colorSpace }: VideoDecoderConfig): Bytes | undefined {
  const parts = codec.split(".");
  const number = (at: number, otherwise: number): number => (parts[at] ? Number(parts[at]) : otherwise);
  switch (type) {
    case "avc1":
      return description === undefined ? undefined : box("avcC", [bytesOf(description)]);
    case "vp09": {
      if (parts.length < 4) return undefined;
      // https://www.webmproject.org/vp9/mp4/
      const fullRange = number(8, Number(colorSpace?.fullRange ?? false));
      return fullBox(
        "vpcC",
        0,
        [
          [number(1, 0), number(2, 0), (number(3, 8) << 4) | (number(4, 1) << 1) | fullRange],
          [number(5, PRIMARIES[colorSpace?.primaries ?? ""] ?? 1)],
          [number(6, TRANSFERS[colorSpace?.transfer ?? ""] ?? 1)],
          [number(7, MATRICES[colorSpace?.matrix ?? ""] ?? 1)],
          u16(0),
        ],
        1,
      );
    }
    case "av01": {
      const [, profile = "0", level = "", depth = "8", monochrome = "0", sampling = "110"] = parts;
      if (level === "") return undefined;
      // https://aomediacodec.github.io/av1-isobmff/#av1codecconfigurationbox-section
      const bits =
        (Number(level.endsWith("H")) << 7) |
        (Number(depth !== "08" && depth !== "8") << 6) |
        (Number(depth === "12") << 5) |
        (Number(monochrome) << 4) |
        (Number(sampling[0]) << 3) |
        (Number(sampling[1]) << 2) |
        Number(sampling[2]);
      return box("av1C", [[0x81, (Number(profile) << 5) | Number(level.slice(0, -1)), bits, 0]]);
    }
    default:
      return undefined;
  }
}

function colr(space: VideoColorSpaceInit | undefined): Bytes {
  const { primaries, transfer, matrix, fullRange } = space ?? {};
  if (primaries == null && transfer == null && matrix == null && fullRange == null) return joined([]);
  return box("colr", [
    ascii("nclx"),
    u16(PRIMARIES[primaries ?? ""] ?? UNSPECIFIED),
    u16(TRANSFERS[transfer ?? ""] ?? UNSPECIFIED),
    u16(MATRICES[matrix ?? ""] ?? UNSPECIFIED),
    fullRange === true ? 0x80 : 0,
  ]);
}

function audioEntry({ codec, decoderConfig }: TrackDescription): Bytes | undefined {
  const config = decoderConfig as AudioDecoderConfig;
  const isOpus = /^opus$/i.test(codec);
  const setup = isOpus ? dOps(config) : /^mp4a\.40\./.test(codec) ? esds(config) : undefined;
  if (setup === undefined) return undefined;
  return box(isOpus ? "Opus" : "mp4a", [
    zeros(6),
    u16(1), // data reference
    zeros(8),
    u16(config.numberOfChannels),
    u16(16), // bits a sample
    zeros(4),
    u16(config.sampleRate < 0x10000 ? config.sampleRate : 0),
    u16(0),
    setup,
  ]);
}

/** What OpusHead says, most significant byte first. RFC 7845 5.1, and https://opus-codec.org/docs/opus_in_isobmff.html */
function dOps({ description, numberOfChannels, sampleRate }: AudioDecoderConfig): Bytes | undefined {
  // Decoders want 80 ms before their first sample, in samples at 48 kHz.
  if (description === undefined) return box("dOps", [0, numberOfChannels, u16(3840), u32(sampleRate), u16(0), 0]);
  const head = bytesOf(description);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  // Channels beyond two are mapped, by a table that a live encoder has no use for.
  if (head.byteLength < 19 || view.getUint8(18) !== 0) return undefined;
  return box("dOps", [
    0,
    view.getUint8(9),
    u16(view.getUint16(10, true)),
    u32(view.getUint32(12, true)),
    u16(view.getUint16(16, true)),
    0,
  ]);
}

/** ISO/IEC 14496-1 7.2.6.5: the AudioSpecificConfig, within three descriptors. */
function esds({ description }: AudioDecoderConfig): Bytes | undefined {
  const config = description === undefined ? undefined : bytesOf(description);
  // Lengths of one byte hold less than 128.
  if (config === undefined || config.byteLength > 64) return undefined;
  const decoder = joined([[0x40, 0x15], zeros(11), [0x05, config.byteLength], config]);
  const stream = joined([u16(1), 0, [0x04, decoder.byteLength], decoder, [0x06, 0x01, 0x02]]);
  return fullBox("esds", 0, [[0x03, stream.byteLength], stream]);
}

function sizeOf({ kind, decoderConfig }: TrackDescription): { readonly width: number; readonly height: number } {
  if (kind !== "video") return { width: 0, height: 0 };
  const { codedWidth = 0, codedHeight = 0 } = decoderConfig as VideoDecoderConfig;
  return { width: codedWidth, height: codedHeight };
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

function box(type: string, contents: Contents): Bytes {
  const body = joined(contents);
  return joined([u32(8 + body.byteLength), ascii(type), body]);
}

function fullBox(type: string, flags: number, contents: Contents, version = 0): Bytes {
  return box(type, [u32((version << 24) | flags), ...contents]);
}

function joined(contents: Contents): Bytes {
  return Uint8Array.from(contents.flatMap((piece) => (typeof piece === "number" ? [piece] : [...piece])));
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value)];
}
