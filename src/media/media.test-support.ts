import type { Bytes } from "../model/bytes.ts";
import { type PartSample, type PartTrackSamples, writePart } from "./part-writer.ts";

/** Media for tests: real boxes around made-up frames. No decoder takes it. */
export const TEST_VIDEO = { id: 1, timescale: 90_000, width: 640, height: 360 } as const;
export const TEST_AUDIO = { id: 2, timescale: 48_000 } as const;

const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
const u16 = (value: number) => [(value >> 8) & 255, value & 255];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];
const zeros = (count: number) => new Array<number>(count).fill(0);

/** A box of any type around any bytes. */
export function testBox(type: string, ...body: readonly (readonly number[] | Bytes)[]): Bytes {
  const content = body.flatMap((piece) => [...piece]);
  return Uint8Array.from([...u32(content.length + 8), ...ascii(type), ...content]);
}

export function concat(...pieces: readonly Bytes[]): Bytes {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

export interface TestTrack {
  readonly id: number;
  readonly timescale: number;
  readonly width?: number;
  readonly height?: number;
  /** Its sample entry is that of Common Encryption, `encv` or `enca`. Default false. */
  readonly encrypted?: boolean;
}

function trak(handler: string, entry: Bytes, { id, timescale, width = 0, height = 0 }: TestTrack): Bytes {
  const tkhd = testBox("tkhd", u32(7), zeros(8), u32(id), zeros(60), u32(width << 16), u32(height << 16));
  const mdhd = testBox("mdhd", u32(0), zeros(8), u32(timescale), u32(0), u16(0x55c4), u16(0));
  const hdlr = testBox("hdlr", u32(0), u32(0), ascii(handler), zeros(12), [0]);
  const stsd = testBox("stsd", u32(0), u32(1), entry);
  const mdia = testBox("mdia", mdhd, hdlr, testBox("minf", testBox("stbl", stsd)));
  return testBox("trak", tkhd, mdia);
}

const avcC = testBox("avcC", [1, 0x42, 0xc0, 0x1f, 0xff, 0xe0, 0]);
const dOps = testBox("dOps", [0, 2], u16(312), u32(48_000), u16(0), [0]);

/** A sample entry, or what Common Encryption (cbcs) makes of it (ISO/IEC 14496-12 8.12). */
function sampleEntry(
  [clear, protection]: readonly [string, string],
  { encrypted = false }: TestTrack,
  body: readonly (readonly number[] | Bytes)[],
): Bytes {
  if (!encrypted) return testBox(clear, ...body);
  const schm = testBox("schm", u32(0), ascii("cbcs"), u32(0x1_0000));
  return testBox(protection, ...body, testBox("sinf", testBox("frma", ascii(clear)), schm));
}

function videoTrak(track: TestTrack): Bytes {
  const { width = 640, height = 360 } = track;
  const entry = [
    zeros(6),
    u16(1),
    zeros(16),
    u16(width),
    u16(height),
    u32(0x48_0000),
    u32(0x48_0000),
    zeros(4),
    u16(1),
    zeros(32),
    u16(24),
    u16(0xffff),
  ];
  return trak("vide", sampleEntry(["avc1", "encv"], track, [...entry, avcC]), track);
}

function audioTrak(track: TestTrack): Bytes {
  const entry = [zeros(6), u16(1), zeros(8), u16(2), u16(16), zeros(4), u32((track.timescale << 16) >>> 0)];
  return trak("soun", sampleEntry(["Opus", "enca"], track, [...entry, dOps]), track);
}

/** ftyp and moov of the tracks that are given: H.264 and Opus. Without any: one of each. */
export function testInit(
  tracks: { video?: TestTrack; audio?: TestTrack } = { video: TEST_VIDEO, audio: TEST_AUDIO },
): Bytes {
  const { video, audio } = tracks;
  const traks = [...(video ? [videoTrak(video)] : []), ...(audio ? [audioTrak(audio)] : [])];
  const ids = [video, audio].flatMap((track) => (track ? [track.id] : []));
  const trexs = ids.map((id) => testBox("trex", u32(0), u32(id), u32(1), zeros(12)));
  const moov = testBox("moov", testBox("mvhd", zeros(100)), ...traks, testBox("mvex", ...trexs));
  return concat(testBox("ftyp", ascii("iso6"), u32(0), ascii("iso6cmfc")), moov);
}

export interface TestPartOptions {
  readonly sequenceNumber?: number;
  /** First frame of the part, counted from the start of the stream. */
  readonly firstFrame?: number;
  readonly frames?: number;
  readonly frameRate?: number;
  /** Starts with a sync sample. Default true. */
  readonly independent?: boolean;
  /** Adds the audio (20 ms samples) that starts within the part. Default true. */
  readonly audio?: boolean;
  readonly bytesPerFrame?: number;
}

/** A part of a stream of constant frame rate, fitting the default {@link testInit}. */
export function testPart(options: TestPartOptions = {}): Bytes {
  const {
    sequenceNumber = 1,
    firstFrame = 0,
    frames = 10,
    frameRate = 30,
    independent = true,
    audio = true,
    bytesPerFrame = 40,
  } = options;
  const ticks = (frame: number) => Math.round((frame * TEST_VIDEO.timescale) / frameRate);
  const video: PartSample[] = Array.from({ length: frames }, (_, i) => ({
    bytes: new Uint8Array(bytesPerFrame).fill(firstFrame + i),
    durationTicks: ticks(firstFrame + i + 1) - ticks(firstFrame + i),
    sync: independent && i === 0,
    compositionOffsetTicks: 0,
  }));
  const tracks: PartTrackSamples[] = [{ trackId: TEST_VIDEO.id, baseTicks: ticks(firstFrame), samples: video }];
  if (audio) {
    const first = Math.ceil((firstFrame * 50) / frameRate);
    const end = Math.ceil(((firstFrame + frames) * 50) / frameRate);
    const samples = Array.from({ length: end - first }, () => ({
      bytes: new Uint8Array(12),
      durationTicks: 960,
      sync: true,
      compositionOffsetTicks: 0,
    }));
    tracks.push({ trackId: TEST_AUDIO.id, baseTicks: first * 960, samples });
  }
  return writePart({ sequenceNumber, tracks });
}

/** Puts boxes of Common Encryption into the first traf of a part. */
export function testCbcsPart(bytes: Bytes): Bytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (type: string) => bytes.findIndex((_, i) => ascii(type).every((c, k) => bytes[i + k] === c)) - 4;
  const [moof, traf, trun] = [at("moof"), at("traf"), at("trun")];
  const extra = concat(
    testBox("saiz", [0, 0, 0, 0], [0], [0, 0, 0, 6]),
    testBox("saio", [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]),
    testBox("senc", [0, 0, 0, 2], [0, 0, 0, 6], zeros(48)),
  );
  const end = traf + view.getUint32(traf);
  const out = concat(bytes.subarray(0, end), extra, bytes.subarray(end));
  const grown = new DataView(out.buffer);
  for (const box of [moof, traf]) grown.setUint32(box, view.getUint32(box) + extra.byteLength);
  grown.setUint32(trun + 16, view.getUint32(trun + 16) + extra.byteLength);
  return out;
}

/** A part of sound alone, of 20 ms samples, fitting `testInit({ audio: TEST_AUDIO })`. */
export function testAudioPart(
  options: { firstSample?: number; samples?: number; bytesPerSample?: number } = {},
): Bytes {
  const { firstSample = 0, samples = 10, bytesPerSample = 12 } = options;
  const one = { bytes: new Uint8Array(bytesPerSample), durationTicks: 960, sync: true, compositionOffsetTicks: 0 };
  return writePart({
    sequenceNumber: firstSample + 1,
    tracks: [
      { trackId: TEST_AUDIO.id, baseTicks: firstSample * 960, samples: Array.from({ length: samples }, () => one) },
    ],
  });
}

/** A part that is a WebVTT file with one cue. */
export function testVtt(cue: string, startMs = 0, endMs = startMs + 200): Bytes {
  const at = (ms: number) => new Date(ms).toISOString().slice(11, 23);
  const text = `WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n${at(startMs)} --> ${at(endMs)}\n${cue}\n`;
  return new TextEncoder().encode(text) as Bytes;
}
