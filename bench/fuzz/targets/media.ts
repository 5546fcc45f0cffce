import { join } from "../../../src/media/box-writer.ts";
import { BoxReader } from "../../../src/media/boxes.ts";
import { isSameMedia, readClipInit, writeClipInit } from "../../../src/media/clip-init.ts";
import { earliestTicks, readClipPart, rebasePart } from "../../../src/media/clip-part.ts";
import { codecOf } from "../../../src/media/codec-string.ts";
import { parseInitSegment } from "../../../src/media/init-segment.ts";
import {
  TEST_AUDIO,
  TEST_VIDEO,
  testAudioPart,
  testBox,
  testCbcsPart,
  testInit,
  testPart,
  testVtt,
} from "../../../src/media/media.test-support.ts";
import { parsePart, splitPart } from "../../../src/media/media-part.ts";
import { checkMpegTs } from "../../../src/media/mpeg-ts.ts";
import { sampleEntry, type TrackSetup } from "../../../src/media/sample-entry.ts";
import { checkWebVtt, joinWebVtt } from "../../../src/media/web-vtt.ts";
import type { Bytes } from "../../../src/model/bytes.ts";
import { producerEpochMs } from "../../../src/moq/prft.ts";
import type { Random } from "../mutate.ts";
import { bytesOf, expectFinite, expectViews, type Target } from "../target.ts";

const INITS: readonly Bytes[] = [
  testInit(),
  testInit({ video: TEST_VIDEO }),
  testInit({ audio: TEST_AUDIO }),
  testInit({ video: { ...TEST_VIDEO, encrypted: true }, audio: { ...TEST_AUDIO, encrypted: true } }),
];
const INIT = parseInitSegment(testInit());
const CLIP_INIT = readClipInit(testInit());

/** 1 s at media time 2 s (ISO/IEC 14496-12 8.16.5). */
const PRFT = testBox(
  "prft",
  [1, 0, 0, 24],
  [0, 0, 0, 1],
  [0xe9, 0, 0, 0, 0x80, 0, 0, 0],
  [0, 0, 0, 0, 0, 2, 0xbf, 0x20],
);
const PARTS: readonly Bytes[] = [
  testPart({ frames: 3 }),
  testPart({ frames: 2, audio: false, independent: false }),
  join([testPart({ frames: 2 }), testPart({ firstFrame: 2, frames: 2, independent: false })]),
  join([PRFT, testPart({ frames: 2 })]),
  testCbcsPart(testPart({ frames: 8 })),
  testAudioPart({ samples: 2 }),
];

const TYPES = ["moof", "mdat", "traf", "tfhd", "tfdt", "trun", "trak", "stsd", "edts", "elst", "free", "prft"].map(
  (type) => bytesOf(type),
);

/** Keeps the sizes of boxes true more often than chance would, or puts the name of one where another was. */
function boxed(bytes: Bytes, random: Random): Bytes {
  const out = bytes.slice();
  if (out.byteLength < 16 || random(3) === 0) return out;
  const view = new DataView(out.buffer);
  if (random(2) === 0) {
    const size = view.getUint32(0);
    if (random(2) === 0 && size > out.byteLength) view.setUint32(0, out.byteLength);
    return out;
  }
  const name = TYPES[random(TYPES.length)];
  const at = out.findIndex((_, index) => index > random(out.byteLength) && isName(out, index));
  if (name !== undefined && at > 0) out.set(name, at);
  return out;
}

/** Four letters, as the type of a box is. */
function isName(bytes: Bytes, at: number): boolean {
  return at + 4 <= bytes.byteLength && bytes.subarray(at, at + 4).every((byte) => byte >= 0x61 && byte <= 0x7a);
}

function runPart(bytes: Bytes): string {
  const part = parsePart(bytes, INIT);
  expectFinite("part", part);
  let end = 0;
  for (const { offset, length } of part.fragments) {
    if (offset !== end || length <= 0) throw new Error(`a fragment at ${offset}, where ${end} was expected`);
    end = offset + length;
  }
  if (end !== bytes.byteLength) throw new Error(`fragments of ${end} bytes in a part of ${bytes.byteLength}`);
  const pieces = splitPart(bytes, part, part.durationMs / 2);
  expectViews(pieces, bytes);
  if (Buffer.compare(join(pieces.map((piece) => piece.bytes)), bytes) !== 0) throw new Error("pieces are not the part");
  return `${Math.min(part.fragments.length, 4)} fragments, ${part.tracks.size} tracks`;
}

/** All that a clip does with a part of a stream, which has passed `parsePart()` when it came. */
function runClip(bytes: Bytes): string {
  readClipPart(bytes, CLIP_INIT);
  const earliest = earliestTicks(bytes, CLIP_INIT);
  expectFinite("earliest", earliest);
  const tracks = new Map(CLIP_INIT.segment.tracks.map(({ id }) => [id, { id, shiftTicks: -1 }]));
  const written = join([...rebasePart(bytes, { sequenceNumber: 1, tracks })]);
  if (written.byteLength !== bytes.byteLength) throw new Error(`${written.byteLength} bytes of ${bytes.byteLength}`);
  return `${earliest.size} tracks`;
}

/** A sample entry by its codec string and what the decoder is set up with, read back. */
function runSampleEntry(bytes: Bytes): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 24));
  const codec = CODECS[(bytes[0] ?? 0) % (CODECS.length + 1)] ?? text;
  const track: TrackSetup = {
    kind: (bytes[1] ?? 0) % 2 === 0 ? "video" : "audio",
    codec,
    ...((bytes[2] ?? 0) % 3 === 0 ? {} : { description: bytes.subarray(3) }),
    width: (bytes[4] ?? 0) * 16,
    height: (bytes[5] ?? 0) * 16,
    displayAspectWidth: bytes[6],
    displayAspectHeight: bytes[7],
    sampleRate: (bytes[8] ?? 0) * 1_000,
    channels: bytes[9],
    colorSpace: { primaries: text.slice(0, 5), transfer: null, matrix: "bt709", fullRange: bytes[10] === 1 },
  };
  const entry = sampleEntry(track);
  const reader = new BoxReader(entry, "malformed-init");
  const span = reader.boxAt(0, entry.byteLength);
  if (span.end !== entry.byteLength) throw new Error(`a box of ${span.end} bytes in ${entry.byteLength}`);
  return codecOf(reader, span)?.slice(0, 8) ?? `no name for ${span.type}`;
}

const CODECS = ["avc1.42c01f", "hvc1.1.6.L93", "vp09.00.10.08", "av01.0.04M.08", "mp4a.40.2", "mp3", "opus", "flac"];

export const MEDIA_TARGETS: readonly Target[] = [
  {
    name: "parseInitSegment",
    seeds: INITS,
    refuses: ["malformed-init"],
    prepare: boxed,
    run(bytes) {
      const { tracks } = parseInitSegment(bytes);
      expectFinite("init", tracks);
      return tracks.map(({ kind, codec }) => `${kind} ${codec?.slice(0, 4)}`).join();
    },
  },
  { name: "parsePart", seeds: PARTS, refuses: ["malformed-part", "track-mismatch"], prepare: boxed, run: runPart },
  {
    name: "clip: init segment",
    seeds: INITS,
    refuses: ["malformed-init"],
    prepare: boxed,
    run(bytes) {
      const init = readClipInit(bytes);
      expectFinite(
        "clip",
        init.tracks.map(({ editTicks, shownFromTicks }) => ({ editTicks, shownFromTicks })),
      );
      const outputs = init.tracks.map((track, index) => ({ init, track, id: index + 1, mediaTimeTicks: 0 }));
      const [first, ...others] = outputs;
      if (first !== undefined) parseInitSegment(writeClipInit([first, ...others], 1_000));
      return `${init.tracks.length} tracks, ${isSameMedia(init, CLIP_INIT) ? "same" : "other"} media`;
    },
  },
  { name: "clip: part", seeds: PARTS, refuses: ["unsupported-media"], prepare: boxed, run: runClip },
  {
    name: "producerEpochMs (prft)",
    seeds: [PRFT, ...PARTS],
    refuses: [],
    prepare: boxed,
    run(bytes) {
      const epochMs = producerEpochMs(bytes, 90_000);
      expectFinite("epoch", epochMs);
      return epochMs === undefined ? "none" : "one";
    },
  },
  {
    name: "checkMpegTs",
    seeds: [new Uint8Array(188).fill(0x47), new Uint8Array(3 * 188).map((_, at) => (at % 188 === 0 ? 0x47 : at))],
    refuses: ["malformed-part"],
    run(bytes) {
      checkMpegTs(bytes);
      return `${Math.min(bytes.byteLength / 188, 4)} packets`;
    },
  },
  {
    name: "WebVTT",
    seeds: [
      testVtt("one"),
      bytesOf("WEBVTT"),
      bytesOf("\ufeffWEBVTT text\r\rNOTE x\r\n\r\n00:01.000 --> 00:02.000\na\n"),
    ],
    refuses: ["malformed-part"],
    run(bytes) {
      checkWebVtt(bytes);
      const joined = joinWebVtt([bytes, bytes]);
      const sizeBytes = joined.reduce((sum, view) => sum + view.byteLength, 0);
      if (sizeBytes > 2 * bytes.byteLength + 2) throw new Error(`${sizeBytes} bytes of ${bytes.byteLength} twice`);
      return `${joined.length} views`;
    },
  },
  {
    name: "sampleEntry and codecOf",
    seeds: CODECS.map((_, index) =>
      Uint8Array.of(index, index < 4 ? 0 : 1, 1, 1, 0x42, 0xc0, 0x1f, 0xff, 0xe0, 2, 0, 0),
    ),
    refuses: ["unsupported-media", "malformed-init"],
    run: runSampleEntry,
  },
];
