import type { Bytes } from "../model/bytes.ts";
import { ascii, box, fullBox, join, u16, u32 } from "./box-writer.ts";
import { sampleEntry, type TrackSetup } from "./sample-entry.ts";

/** Of video: frames of 24, 25, 30, 48, 50 and 60 a second last whole ticks. Of sound it is the sample rate. */
const VIDEO_TIMESCALE = 57_600;
const MOVIE_TIMESCALE = 1_000;
const UNDETERMINED_LANGUAGE = 0x55c4;
const ONE = 0x1_0000;

/**
 * Writes ftyp and moov for fragments of these tracks, numbered from 1 in the order given. There are no edit lists: times are those of the samples.
 * @throws RelayError `unsupported-media` for a codec that is not carried here, or that lacks its description
 * @see ISO/IEC 14496-12 4.3, 8.2, 8.3, 8.8
 */
export function writeInit(tracks: readonly TrackSetup[]): Bytes {
  const brands = ["iso5", "\0\0\x02\0", "iso5", "iso6", "mp41"].map(ascii);
  const trexs = tracks.map((_, index) => fullBox("trex", 0, 0, [u32(index + 1, 1, 0, 0, 0)]));
  const moov = [
    movieHeader(tracks.length + 1),
    ...tracks.map((track, index) => trak(track, index + 1)),
    box("mvex", trexs),
  ];
  return join([box("ftyp", brands), box("moov", moov)]);
}

function movieHeader(nextTrackId: number): Bytes {
  return fullBox("mvhd", 0, 0, [
    u32(0, 0, MOVIE_TIMESCALE, 0, ONE),
    u16(0x100, 0),
    u32(0, 0),
    matrix({ kind: "audio", codec: "" }),
    u32(0, 0, 0, 0, 0, 0, nextTrackId),
  ]);
}

function trak(track: TrackSetup, id: number): Bytes {
  const isVideo = track.kind === "video";
  const { width = 0, height = 0 } = isVideo ? track : {};
  const header = fullBox("tkhd", 0, 0x3, [
    u32(0, 0, id, 0, 0, 0, 0),
    u16(0, isVideo ? 0 : 1, isVideo ? 0 : 0x100, 0),
    matrix(track),
    u32(width * ONE, height * ONE),
  ]);
  const timescale = isVideo ? VIDEO_TIMESCALE : (track.sampleRate ?? 48_000);
  const media = fullBox("mdhd", 0, 0, [u32(0, 0, timescale, 0), u16(UNDETERMINED_LANGUAGE, 0)]);
  const handler = fullBox("hdlr", 0, 0, [
    u32(0),
    ascii(isVideo ? "vide" : "soun"),
    u32(0, 0, 0),
    ascii(isVideo ? "VideoHandler\0" : "SoundHandler\0"),
  ]);
  const kindHeader = isVideo ? fullBox("vmhd", 0, 1, [u16(0, 0, 0, 0)]) : fullBox("smhd", 0, 0, [u16(0, 0)]);
  const sameFile = box("dinf", [fullBox("dref", 0, 0, [u32(1), fullBox("url ", 0, 1, [])])]);
  // The samples are described in the fragments.
  const samples = box("stbl", [
    fullBox("stsd", 0, 0, [u32(1), sampleEntry(track)]),
    fullBox("stts", 0, 0, [u32(0)]),
    fullBox("stsc", 0, 0, [u32(0)]),
    fullBox("stsz", 0, 0, [u32(0, 0)]),
    fullBox("stco", 0, 0, [u32(0)]),
  ]);
  return box("trak", [header, box("mdia", [media, handler, box("minf", [kindHeader, sameFile, samples])])]);
}

/** How the picture is turned, and moved to where it began. @see ISO/IEC 14496-12 6.2.2 */
function matrix({ rotation = 0, width = 0, height = 0 }: TrackSetup): Bytes {
  const turns = {
    0: [1, 0, 0, 1, 0, 0],
    90: [0, 1, -1, 0, height, 0],
    180: [-1, 0, 0, -1, width, height],
    270: [0, -1, 1, 0, 0, width],
  } as const;
  const [a, b, c, d, x, y] = turns[rotation].map((value) => value * ONE);
  return u32(a ?? 0, b ?? 0, 0, c ?? 0, d ?? 0, 0, x ?? 0, y ?? 0, 0x4000_0000);
}
