import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { BoxReader, type BoxSpan, printable } from "./boxes.ts";
import { codecOf } from "./codec-string.ts";
import { readHdlr, readMdhd, readTkhd, readTrex } from "./leaf-boxes.ts";

type InitTrackKind = "video" | "audio" | "text";

/** One track, as a part needs to know it. */
export interface InitTrack {
  readonly id: number;
  readonly kind: InitTrackKind;
  /** Ticks per second of the track's timeline. */
  readonly timescale: number;
  /** RFC 6381; absent for a codec that is not known here. */
  readonly codec?: string;
  /** Coded pixels; video only. */
  readonly width?: number;
  readonly height?: number;
  /** Of the track's `trex`: what a sample is when neither its fragment nor its run says so. */
  readonly defaultSampleDurationTicks: number;
  readonly defaultSampleSizeBytes: number;
  readonly defaultSampleFlags: number;
}

export interface InitSegment {
  /** In the order of the movie box, at most 8. */
  readonly tracks: readonly InitTrack[];
  /** The track whose samples make a part's duration: video if there is one, else audio. */
  readonly primary: InitTrack;
}

export const MAX_INIT_BYTES = 1024 * 1024;
const MAX_TRACKS = 8;

const KINDS: Readonly<Record<string, InitTrackKind>> = {
  vide: "video",
  soun: "audio",
  text: "text",
  subt: "text",
  sbtl: "text",
};
/** What may stand beside ftyp and moov without meaning anything here. */
const IGNORED = new Set(["free", "skip", "uuid", "styp", "sidx", "meta", "pdin"]);

/**
 * Reads the tracks of an init segment: ftyp and moov, with the mvex that announces movie fragments.
 * @throws RelayError `malformed-init`, and nothing else whatever the bytes are
 * @see ISO/IEC 14496-12 8.2.1, 8.8.1; draft-pantos-hls-rfc8216bis 3.1.2
 */
export function parseInitSegment(bytes: Bytes): InitSegment {
  if (bytes.byteLength > MAX_INIT_BYTES) {
    throw new RelayError("malformed-init", `expected at most ${MAX_INIT_BYTES} bytes, got ${bytes.byteLength}`);
  }
  const reader = new BoxReader(bytes, "malformed-init");
  const moov = findMoov(reader);
  const children = reader.children(moov);
  const mvex =
    children.find((box) => box.type === "mvex") ?? reader.fail("moov: expected an mvex box, as fragmented MP4 has");
  const defaults = readDefaults(reader, mvex);
  const traks = children.filter((box) => box.type === "trak");
  if (traks.length < 1 || traks.length > MAX_TRACKS)
    reader.fail(`moov: expected 1 to ${MAX_TRACKS} tracks, got ${traks.length}`);
  const tracks = traks.map((trak) => readTrack(reader, trak, defaults)).filter((track) => track !== undefined);
  if (new Set(tracks.map((track) => track.id)).size !== tracks.length)
    reader.fail("moov: expected different track ids");
  const primary = tracks.find((track) => track.kind === "video") ?? tracks.find((track) => track.kind === "audio");
  if (primary === undefined) return reader.fail("moov: expected a video or an audio track");
  return { tracks, primary };
}

/**
 * Whether media of one can follow that of the other without a discontinuity: the same tracks, of the same format and clock
 * (draft-pantos-hls-rfc8216bis 4.4.4.3).
 */
export function hasSameTracks(left: InitSegment, right: InitSegment): boolean {
  if (left.tracks.length !== right.tracks.length) return false;
  return left.tracks.every(({ id, kind, codec, timescale }, index) => {
    const other = right.tracks[index];
    return other?.id === id && other.kind === kind && other.codec === codec && other.timescale === timescale;
  });
}

function findMoov(reader: BoxReader): BoxSpan {
  let moov: BoxSpan | undefined;
  const boxes = reader.boxes(0, reader.size);
  if (boxes[0]?.type !== "ftyp")
    reader.fail(`expected ftyp first, got ${boxes[0] ? printable(boxes[0].type) : "nothing"}`);
  for (const box of boxes.slice(1)) {
    if (box.type === "moov" && moov === undefined) moov = box;
    else if (!IGNORED.has(box.type)) reader.fail(`expected ftyp and one moov, got ${printable(box.type)} too`);
  }
  return moov ?? reader.fail("expected ftyp and moov, got no moov");
}

type TrackDefaults = Pick<InitTrack, "defaultSampleDurationTicks" | "defaultSampleSizeBytes" | "defaultSampleFlags">;

function readDefaults(reader: BoxReader, mvex: BoxSpan): Map<number, TrackDefaults> {
  const defaults = new Map<number, TrackDefaults>();
  for (const box of reader.children(mvex)) {
    if (box.type !== "trex") continue;
    const trex = reader.read(box, readTrex);
    defaults.set(trex.trackId, {
      defaultSampleDurationTicks: trex.defaultSampleDuration,
      defaultSampleSizeBytes: trex.defaultSampleSize,
      defaultSampleFlags: trex.defaultSampleFlags,
    });
  }
  return defaults;
}

/** A track of another kind (timed metadata, hints) is left out. */
function readTrack(
  reader: BoxReader,
  trak: BoxSpan,
  defaults: ReadonlyMap<number, TrackDefaults>,
): InitTrack | undefined {
  const id = reader.read(reader.child(trak, "tkhd"), readTkhd).trackId;
  const mdia = reader.child(trak, "mdia");
  const { timescale } = reader.read(reader.child(mdia, "mdhd"), readMdhd);
  if (timescale === 0) reader.fail(`track ${id}: expected a timescale of at least 1, got 0`);
  const kind = KINDS[reader.read(reader.child(mdia, "hdlr"), readHdlr).handlerType];
  if (kind === undefined) return undefined;
  const own = defaults.get(id) ?? reader.fail(`mvex: expected a trex of track ${id}`);
  const entry = readSampleEntry(reader, reader.child(reader.child(mdia, "minf"), "stbl"));
  const codec = codecOf(reader, entry);
  const size = kind === "video" ? readPictureSize(reader, entry) : undefined;
  return { id, kind, timescale, ...(codec === undefined ? {} : { codec }), ...size, ...own };
}

/** The first sample entry names the codec; a track of several is described by it. */
function readSampleEntry(reader: BoxReader, stbl: BoxSpan): BoxSpan {
  const stsd = reader.child(stbl, "stsd");
  return reader.boxAt(stsd.bodyStart + 8, stsd.end);
}

/** ISO/IEC 14496-12 12.1.3.2: width and height stand 24 bytes into a visual sample entry. */
function readPictureSize(reader: BoxReader, entry: BoxSpan): { width: number; height: number } {
  const body = reader.body(entry);
  if (body.byteLength < 28)
    reader.fail(`${printable(entry.type)}: expected a visual sample entry, got ${body.byteLength} bytes`);
  return { width: body.getUint16(24), height: body.getUint16(26) };
}
