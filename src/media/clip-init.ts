import { IsoBoxReadView, readElst, readMvhd, writeElst, writeMehd } from "@svta/cml-iso-bmff";
import type { Bytes } from "../model/bytes.ts";
import { box, join } from "./box-writer.ts";
import { BoxReader, type BoxSpan } from "./boxes.ts";
import { type InitSegment, type InitTrack, parseInitSegment } from "./init-segment.ts";

/** One track of an init segment, as a clip takes it over. */
export interface ClipTrack {
  readonly info: InitTrack;
  /** Composition time less presentation time, in ticks: what its edit list takes away. */
  readonly editTicks: number;
  /** Earliest presentation time that its edit list shows, in ticks. */
  readonly shownFromTicks: number;
  readonly trak: BoxSpan;
  readonly trex: BoxSpan;
  /** What a decoder is set up with: samples of two inits can stand in one track where this is the same. */
  readonly setup: readonly Bytes[];
}

/** An init segment that media of a clip needs. */
export interface ClipInit {
  readonly bytes: Bytes;
  readonly segment: InitSegment;
  /** Those of `segment`, in its order. */
  readonly tracks: readonly ClipTrack[];
}

/** A track as the clip has it. */
export interface OutputTrack {
  readonly init: ClipInit;
  readonly track: ClipTrack;
  /** Its number in the clip, from 1. */
  readonly id: number;
  /** Composition time, in ticks, that is presented at 0; above it where samples are decoded before the first one shown. */
  readonly mediaTimeTicks: number;
}

/** Of the clip's movie header; all edits and the whole duration are told in it. */
const MOVIE_TIMESCALE = 1000;
/** The matrix and the size of the picture, at the end of a track header. */
const PICTURE_BYTES = 44;

/** @throws RelayError `malformed-init` */
export function readClipInit(bytes: Bytes): ClipInit {
  const segment = parseInitSegment(bytes);
  const reader = new BoxReader(bytes, "malformed-init");
  const moov = reader.boxes(0, reader.size).find(({ type }) => type === "moov") ?? reader.fail("expected moov");
  const { timescale: movieTimescale } = reader.read(reader.child(moov, "mvhd"), (body) =>
    readMvhd(new IsoBoxReadView(body)),
  );
  const traks = reader.children(moov).filter(({ type }) => type === "trak");
  const trexs = reader.children(reader.child(moov, "mvex")).filter(({ type }) => type === "trex");
  const tracks = segment.tracks.map((info): ClipTrack => {
    const trak = traks.find((box) => trackIdOf(reader, box) === info.id) ?? reader.fail(`expected track ${info.id}`);
    const trex = trexs.find((box) => reader.body(box).getUint32(4) === info.id) ?? reader.fail("expected a trex");
    const stbl = reader.child(reader.child(reader.child(trak, "mdia"), "minf"), "stbl");
    const stsd = reader.child(stbl, "stsd");
    const tkhd = reader.child(trak, "tkhd");
    const { emptyTicks, mediaTimeTicks } = readEdits(
      reader,
      trak,
      info.timescale / (movieTimescale || MOVIE_TIMESCALE),
    );
    return {
      info,
      editTicks: mediaTimeTicks - emptyTicks,
      shownFromTicks: emptyTicks,
      trak,
      trex,
      setup: [
        bytes.subarray(stsd.bodyStart, stsd.end),
        bytes.subarray(trex.bodyStart + 8, trex.end),
        bytes.subarray(tkhd.end - PICTURE_BYTES, tkhd.end),
      ],
    };
  });
  return { bytes, segment, tracks };
}

/**
 * Whether media of both can stand in the same tracks of one file: the same decoders, set up the same way. Stricter than what a
 * playlist needs, since a file has one init segment. Numbers of tracks and edit lists may differ.
 */
export function isSameMedia(left: ClipInit, right: ClipInit): boolean {
  if (left.tracks.length !== right.tracks.length) return false;
  return left.tracks.every(({ info, setup }, index) => {
    const other = right.tracks[index];
    if (other?.info.kind !== info.kind || other.info.timescale !== info.timescale) return false;
    return setup.every((bytes, i) => isEqual(bytes, other.setup[i]));
  });
}

/**
 * Writes ftyp and moov of a clip: the tracks given, numbered anew, with the duration of the whole. What else the first
 * one's init segment says of the movie stays.
 * @see ISO/IEC 14496-12 8.2.1, 8.6.6, 8.8.2
 */
export function writeClipInit(tracks: readonly [OutputTrack, ...OutputTrack[]], durationMs: number): Bytes {
  const { bytes } = tracks[0].init;
  const reader = new BoxReader(bytes, "malformed-init");
  const pieces: Bytes[] = [];
  for (const top of reader.boxes(0, reader.size)) {
    if (top.type === "ftyp") pieces.push(bytes.subarray(top.start, top.end));
    if (top.type !== "moov") continue;
    const boxes: Bytes[] = [];
    for (const child of reader.children(top)) {
      if (child.type === "mvhd") boxes.push(movieHeader(bytes, child, tracks.length + 1), ...tracks.map(trackBox));
      else if (child.type === "mvex") boxes.push(movieExtends(tracks, durationMs));
      else if (child.type !== "trak") boxes.push(bytes.subarray(child.start, child.end));
    }
    pieces.push(box("moov", boxes));
  }
  return join(pieces);
}

export function bytesOf(view: { readonly buffer: ArrayBufferLike; readonly byteLength: number }): Bytes {
  return new Uint8Array(view.buffer as ArrayBuffer, 0, view.byteLength);
}

function trackIdOf(reader: BoxReader, trak: BoxSpan): number {
  const body = reader.body(reader.child(trak, "tkhd"));
  return body.getUint32(body.getUint8(0) === 1 ? 20 : 12);
}

/** ISO/IEC 14496-12 8.6.6: empty edits delay a track, and the first other one says where its media begins. */
function readEdits(
  reader: BoxReader,
  trak: BoxSpan,
  ticksPerMovieTick: number,
): { emptyTicks: number; mediaTimeTicks: number } {
  const edts = reader.children(trak).find(({ type }) => type === "edts");
  const elst = edts && reader.children(edts).find(({ type }) => type === "elst");
  let emptyTicks = 0;
  if (elst !== undefined) {
    for (const { mediaTime, segmentDuration } of reader.read(elst, (body) => readElst(new IsoBoxReadView(body)))
      .entries) {
      if (mediaTime >= 0) return { emptyTicks, mediaTimeTicks: mediaTime };
      emptyTicks += Math.round(segmentDuration * ticksPerMovieTick);
    }
  }
  return { emptyTicks, mediaTimeTicks: 0 };
}

/** Durations stand in mehd alone: that of an init segment would be of another presentation. */
function movieHeader(bytes: Bytes, mvhd: BoxSpan, nextTrackId: number): Bytes {
  const { copy, view, isLong } = copyOf(bytes, mvhd);
  view.setUint32(isLong ? 28 : 20, MOVIE_TIMESCALE);
  copy.fill(0, isLong ? 32 : 24, isLong ? 40 : 28);
  view.setUint32(copy.byteLength - 4, nextTrackId);
  return copy;
}

function trackBox({ init: { bytes }, track, id, mediaTimeTicks }: OutputTrack): Bytes {
  const reader = new BoxReader(bytes, "malformed-init");
  const boxes: Bytes[] = [];
  for (const child of reader.children(track.trak)) {
    if (child.type === "tkhd") {
      const { copy, view, isLong } = copyOf(bytes, child);
      view.setUint32(isLong ? 28 : 20, id);
      copy.fill(0, isLong ? 36 : 28, isLong ? 44 : 32);
      boxes.push(copy);
      if (mediaTimeTicks > 0) boxes.push(editBox(mediaTimeTicks));
    } else if (child.type === "mdia") {
      boxes.push(mediaBox(reader, bytes, child));
    } else if (child.type !== "edts" && child.type !== "tref") {
      // References name tracks by numbers that they have no more.
      boxes.push(bytes.subarray(child.start, child.end));
    }
  }
  return box("trak", boxes);
}

function mediaBox(reader: BoxReader, bytes: Bytes, mdia: BoxSpan): Bytes {
  const boxes = reader.children(mdia).map((child) => {
    if (child.type !== "mdhd") return bytes.subarray(child.start, child.end);
    const { copy, isLong } = copyOf(bytes, child);
    copy.fill(0, isLong ? 32 : 24, isLong ? 40 : 28);
    return copy;
  });
  return box("mdia", boxes);
}

/** Duration 0: all that follows (8.6.6.1, of movies in fragments). */
function editBox(mediaTime: number): Bytes {
  const entry = { segmentDuration: 0, mediaTime, mediaRateInteger: 1, mediaRateFraction: 0 };
  const version = mediaTime > 0x7fff_ffff ? 1 : 0;
  return box("edts", [bytesOf(writeElst({ type: "elst", version, flags: 0, entryCount: 1, entries: [entry] }))]);
}

function movieExtends(tracks: readonly OutputTrack[], durationMs: number): Bytes {
  const fragmentDuration = Math.round((durationMs / 1000) * MOVIE_TIMESCALE);
  const mehd = bytesOf(writeMehd({ type: "mehd", version: 1, flags: 0, fragmentDuration }));
  const trexs = tracks.map(({ init, track, id }) => {
    const { copy, view } = copyOf(init.bytes, track.trex);
    view.setUint32(12, id);
    return copy;
  });
  return box("mvex", [mehd, ...trexs]);
}

/** A full box that may be changed, under a header of 8 bytes; `isLong` where its times are of 64 bits. */
function copyOf(bytes: Bytes, { type, bodyStart, end }: BoxSpan): { copy: Bytes; view: DataView; isLong: boolean } {
  const copy = box(type, [bytes.subarray(bodyStart, end)]);
  return { copy, view: new DataView(copy.buffer), isLong: copy[8] === 1 };
}

function isEqual(left: Bytes, right: Bytes | undefined): boolean {
  return right?.byteLength === left.byteLength && left.every((byte, i) => byte === right[i]);
}
