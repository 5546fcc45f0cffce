import type { Bytes } from "../model/bytes.ts";
import { PIECE_SIZE_BYTES } from "../model/part-header.ts";
import { ByteReader, checkWhole, malformed } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import {
  FRAME_HEAD_BYTES,
  MAX_CARD_BYTES,
  MAX_HAVE_RANGES,
  MAX_PIECES,
  MAX_ROOTS,
  MAX_SHARED_INIT_BYTES,
  MAX_SUBSTREAMS,
} from "./frame-limits.ts";
import { readSignedHeader, signedHeaderSize, writeSignedHeader } from "./part-header-codec.ts";
import {
  PART_KEY_BYTES,
  POSITION_BYTES,
  readPartKey,
  readPosition,
  readRendition,
  writePartKey,
  writePosition,
  writeRendition,
} from "./part-key-codec.ts";
import { type ByeReason, type HaveRange, MAX_FRAME_BYTES, PEER_VERSION, type PeerFrame } from "./peer-frame.ts";

type Kind = PeerFrame["kind"];
type Frame<K extends Kind> = Extract<PeerFrame, { readonly kind: K }>;

/** How one kind of frame looks behind the head. */
interface Layout<K extends Kind> {
  size(frame: Frame<K>): number;
  write(writer: ByteWriter, frame: Frame<K>): void;
  /** What it leaves unread is refused. */
  read(reader: ByteReader): Omit<Frame<K>, "kind">;
}

const PEER = /^[A-Za-z0-9_-]{1,32}$/;
const PEER_EXPECTED = "1 to 32 of A-Z a-z 0-9 _ -";
const STREAM_BYTES = 16;
const DIGEST_BYTES = 32;
const ROOT_BYTES = 6;
const UPLOADS = 1;
const SOURCE = 2;
const FETCHES = 4;
const MAX_HOPS = 255;
const MAX_FREE = 255;
const MAX_UPLINK_BPS = 2 ** 48 - 1;
const MAX_DELAY_MS = 0xffff;
const MAX_BEATS_BEHIND = 255;
const MAX_WITHIN_MS = 0xffff;
/** In the order of their codes, from 0. */
const REASONS: readonly ByeReason[] = [
  "leaving",
  "full",
  "version",
  "other-stream",
  "bad-frame",
  "banned",
  "idle",
  "policy",
];

/** A figure that was measured: rounded, and no more than the field takes. Not a number stays what it is, and is refused. */
function measured(value: number, max: number): number {
  return Math.min(Math.max(Math.round(value), 0), max);
}

function flag(reader: ByteReader, what: string): boolean {
  return reader.u8(what, 0, 1) === 1;
}

function readRange(reader: ByteReader): HaveRange {
  const range = { first: readPosition(reader), last: readPosition(reader) };
  checkRange(range);
  return range;
}

function checkRange({ first, last }: HaveRange): void {
  if (last.msn > first.msn || (last.msn === first.msn && last.part >= first.part)) return;
  throw malformed("range", `an end after ${first.msn}/${first.part}`, `${last.msn}/${last.part}`);
}

function checkPieces(first: number, count: number): void {
  checkWhole("first and count", first + count, 0, MAX_PIECES);
}

function checkSubstreams(substreams: number, of: number): void {
  checkWhole("substreams", substreams, 0, 2 ** of - 1);
}

/** Layouts that hold one part key and nothing else. */
const keyOnly = {
  size: () => PART_KEY_BYTES,
  write: (writer: ByteWriter, { key }: Frame<"refuse" | "cancel">) => writePartKey(writer, key),
  read: (reader: ByteReader) => ({ key: readPartKey(reader) }),
};

/** Layouts that hold one token and nothing else. */
const tokenOnly = {
  size: () => 4,
  write: (writer: ByteWriter, { token }: Frame<"ping" | "pong">) => writer.u32("token", token),
  read: (reader: ByteReader) => ({ token: reader.u32("token") }),
};

const LAYOUTS: { readonly [K in Kind]: Layout<K> } = {
  hello: {
    size: ({ peer }) => 1 + peer.length + STREAM_BYTES + 1,
    write(writer, { peer, stream, uploads, source, fetches }) {
      writer.text("peer", peer, PEER, PEER_EXPECTED);
      writer.exactly("stream", stream, STREAM_BYTES);
      writer.u8("flags", (uploads ? UPLOADS : 0) | (source ? SOURCE : 0) | (fetches ? FETCHES : 0));
    },
    read(reader) {
      const peer = reader.text("peer", PEER, PEER_EXPECTED);
      const stream = reader.bytes("stream", STREAM_BYTES);
      const flags = reader.u8("flags", 0, UPLOADS | SOURCE | FETCHES);
      return {
        version: PEER_VERSION,
        peer,
        stream,
        uploads: (flags & UPLOADS) !== 0,
        source: (flags & SOURCE) !== 0,
        fetches: (flags & FETCHES) !== 0,
      };
    },
  },
  card: {
    size: ({ bytes }) => bytes.byteLength,
    write: (writer, { bytes }) => writer.rest("card", bytes, 1, MAX_CARD_BYTES),
    read: (reader) => ({ bytes: reader.rest("card", 1, MAX_CARD_BYTES) }),
  },
  have: {
    size: ({ ranges }) => 4 + ranges.length * 2 * POSITION_BYTES,
    write(writer, { rendition, hops, ranges }) {
      writeRendition(writer, rendition);
      writer.u8("hops", measured(hops, MAX_HOPS));
      writer.u16("ranges", ranges.length, 0, MAX_HAVE_RANGES);
      for (const range of ranges) {
        checkRange(range);
        writePosition(writer, range.first);
        writePosition(writer, range.last);
      }
    },
    read(reader) {
      const rendition = readRendition(reader);
      const hops = reader.u8("hops");
      const ranges: HaveRange[] = [];
      for (let left = reader.u16("ranges", 0, MAX_HAVE_RANGES); left > 0; left--) ranges.push(readRange(reader));
      return { rendition, hops, ranges };
    },
  },
  header: {
    size: ({ signed }) => 1 + signedHeaderSize(signed),
    write(writer, { hops, signed }) {
      writer.u8("hops", measured(hops, MAX_HOPS));
      writeSignedHeader(writer, signed);
    },
    read: (reader) => ({ hops: reader.u8("hops"), signed: readSignedHeader(reader) }),
  },
  piece: {
    size: ({ bytes }) => PART_KEY_BYTES + 2 + bytes.byteLength,
    write(writer, { key, index, bytes }) {
      writePartKey(writer, key);
      writer.u16("index", index, 0, MAX_PIECES - 1);
      writer.rest("piece", bytes, 1, PIECE_SIZE_BYTES);
    },
    read: (reader) => ({
      key: readPartKey(reader),
      index: reader.u16("index", 0, MAX_PIECES - 1),
      bytes: reader.rest("piece", 1, PIECE_SIZE_BYTES),
    }),
  },
  request: {
    size: () => PART_KEY_BYTES + 2 + 2 + 1 + 2,
    write(writer, { key, first, count, known, withinMs }) {
      writePartKey(writer, key);
      checkPieces(first, count);
      writer.u16("first", first);
      writer.u16("count", count);
      writer.u8("known", known ? 1 : 0);
      writer.u16("withinMs", measured(withinMs, MAX_WITHIN_MS));
    },
    read(reader) {
      const key = readPartKey(reader);
      const first = reader.u16("first");
      const count = reader.u16("count");
      checkPieces(first, count);
      return { key, first, count, known: flag(reader, "known"), withinMs: reader.u16("withinMs") };
    },
  },
  refuse: keyOnly,
  cancel: keyOnly,
  subscribe: {
    size: () => 5,
    write(writer, { substreams, of }) {
      writer.u8("of", of, 1, MAX_SUBSTREAMS);
      checkSubstreams(substreams, of);
      writer.u32("substreams", substreams);
    },
    read(reader) {
      const of = reader.u8("of", 1, MAX_SUBSTREAMS);
      const substreams = reader.u32("substreams");
      checkSubstreams(substreams, of);
      return { substreams, of };
    },
  },
  offer: {
    size: ({ delaysMs }) => 22 + 3 * delaysMs.length,
    write(writer, { asked, substreams, free, uplinkBps, delaysMs, beats }) {
      checkWhole("beats", beats.length, delaysMs.length, delaysMs.length);
      writer.u8("of", delaysMs.length, 1, MAX_SUBSTREAMS);
      checkSubstreams(asked, delaysMs.length);
      writer.u32("asked", asked);
      checkSubstreams(substreams, delaysMs.length);
      writer.u32("substreams", substreams);
      writer.u8("free", measured(free, MAX_FREE));
      writer.u48("uplinkBps", measured(uplinkBps, MAX_UPLINK_BPS));
      for (const delayMs of delaysMs) writer.u16("delayMs", measured(delayMs, MAX_DELAY_MS));
      // The newest, and how far the others are behind: further than a byte tells, none is of use.
      const newest = Math.max(...beats);
      writer.u48("beat", newest);
      for (const beat of beats) writer.u8("behind", measured(newest - beat, MAX_BEATS_BEHIND));
    },
    read(reader) {
      const of = reader.u8("of", 1, MAX_SUBSTREAMS);
      const asked = reader.u32("asked");
      checkSubstreams(asked, of);
      const substreams = reader.u32("substreams");
      checkSubstreams(substreams, of);
      const free = reader.u8("free");
      const uplinkBps = reader.u48("uplinkBps");
      const delaysMs: number[] = [];
      for (let left = of; left > 0; left--) delaysMs.push(reader.u16("delayMs"));
      const newest = reader.u48("beat");
      const beats = delaysMs.map(() => newest - reader.u8("behind", 0, Math.min(newest, MAX_BEATS_BEHIND)));
      if (!beats.includes(newest)) throw malformed("beats", `one that is the newest, ${newest}`, Math.max(...beats));
      return { asked, substreams, free, uplinkBps, delaysMs, beats };
    },
  },
  choke: {
    size: () => 1,
    write: (writer, { on }) => writer.u8("on", on ? 1 : 0),
    read: (reader) => ({ on: flag(reader, "on") }),
  },
  "init-request": {
    size: () => DIGEST_BYTES,
    write: (writer, { digest }) => writer.exactly("digest", digest, DIGEST_BYTES),
    read: (reader) => ({ digest: reader.bytes("digest", DIGEST_BYTES) }),
  },
  init: {
    size: ({ bytes }) => DIGEST_BYTES + bytes.byteLength,
    write(writer, { digest, bytes }) {
      writer.exactly("digest", digest, DIGEST_BYTES);
      writer.rest("init", bytes, 1, MAX_SHARED_INIT_BYTES);
    },
    read: (reader) => ({
      digest: reader.bytes("digest", DIGEST_BYTES),
      bytes: reader.rest("init", 1, MAX_SHARED_INIT_BYTES),
    }),
  },
  ping: tokenOnly,
  pong: tokenOnly,
  roots: {
    size: ({ entries }) => entries.reduce((sum, { peer }) => sum + 1 + peer.length + ROOT_BYTES, 1),
    write(writer, { entries }) {
      writer.u8("entries", entries.length, 0, MAX_ROOTS);
      for (const { peer, beat } of entries) {
        writer.text("peer", peer, PEER, PEER_EXPECTED);
        writer.u48("beat", beat);
      }
    },
    read(reader) {
      const entries: Frame<"roots">["entries"][number][] = [];
      for (let left = reader.u8("entries", 0, MAX_ROOTS); left > 0; left--) {
        entries.push({ peer: reader.text("peer", PEER, PEER_EXPECTED), beat: reader.u48("beat") });
      }
      return { entries };
    },
  },
  bye: {
    size: () => 1,
    write: (writer, { reason }) => writer.u8("reason", REASONS.indexOf(reason), 0, REASONS.length - 1),
    read: (reader) => ({ reason: REASONS[reader.u8("reason", 0, REASONS.length - 1)] ?? "leaving" }),
  },
};

/** In the order of their codes, from 1. */
const KINDS: readonly Kind[] = [
  "hello",
  "card",
  "have",
  "header",
  "piece",
  "request",
  "refuse",
  "cancel",
  "subscribe",
  "choke",
  "init-request",
  "init",
  "ping",
  "pong",
  "roots",
  "bye",
  "offer",
];

// The table has for each kind the layout of that kind, which the compiler cannot follow through a look-up.
function layoutOf(kind: Kind): Layout<Kind> {
  return LAYOUTS[kind] as unknown as Layout<Kind>;
}

/** Bytes of `frame` as `encodeFrame()` would write it. */
export function frameSize(frame: PeerFrame): number {
  return FRAME_HEAD_BYTES + layoutOf(frame.kind).size(frame);
}

/**
 * Writes one frame into a buffer of its own, which is the caller's. Figures that were measured (`hops`, `withinMs`, `uplinkBps`) are
 * rounded and limited to their fields; everything else must fit.
 * @throws RelayError `malformed-frame`
 */
export function encodeFrame(frame: PeerFrame): Bytes {
  const sizeBytes = frameSize(frame);
  if (sizeBytes > MAX_FRAME_BYTES) throw malformed(frame.kind, `at most ${MAX_FRAME_BYTES} bytes`, sizeBytes);
  const writer = new ByteWriter(sizeBytes);
  writer.u8("version", frame.kind === "hello" ? frame.version : PEER_VERSION, 1);
  writer.u8("kind", KINDS.indexOf(frame.kind) + 1);
  writer.u16("length", sizeBytes - FRAME_HEAD_BYTES);
  layoutOf(frame.kind).write(writer, frame);
  return writer.done();
}

/**
 * Reads one frame, which must be all of `bytes`. What the frame holds as bytes are views of them: who decodes a message owns its
 * buffer, and must not change it while anything of the frame is in use.
 * @throws RelayError `malformed-frame`
 */
export function decodeFrame(bytes: Bytes): PeerFrame {
  if (bytes.byteLength > MAX_FRAME_BYTES)
    throw malformed("frame", `at most ${MAX_FRAME_BYTES} bytes`, bytes.byteLength);
  const reader = new ByteReader(bytes);
  const version = reader.u8("version", 1);
  const kind = KINDS[reader.u8("kind") - 1];
  const length = reader.u16("length");
  if (kind === undefined) throw malformed("kind", `1 to ${KINDS.length}`, bytes[1]);
  if (length !== reader.left) throw malformed("length", `${reader.left}`, length);
  if (version !== PEER_VERSION) return ofOtherVersion(reader, version, kind);
  const frame = { kind, ...layoutOf(kind).read(reader) } as PeerFrame;
  reader.end(kind);
  return frame;
}

/**
 * A peer of another version can be told so only if its first frame, and its last, are understood in all versions: these two keep the
 * layout they have, and may only grow at the end.
 */
function ofOtherVersion(reader: ByteReader, version: number, kind: Kind): PeerFrame {
  if (kind === "hello") return { kind, ...LAYOUTS.hello.read(reader), version };
  if (kind === "bye") return { kind, reason: "version" };
  throw malformed("version", `${PEER_VERSION}`, version);
}

/** The length of the frame that begins with `head`, of which four bytes suffice. @throws RelayError `malformed-frame` */
export function frameLength(head: Bytes): number {
  const length = FRAME_HEAD_BYTES + new ByteReader(head.subarray(2)).u16("length");
  if (length > MAX_FRAME_BYTES) throw malformed("length", `at most ${MAX_FRAME_BYTES}`, length);
  return length;
}
