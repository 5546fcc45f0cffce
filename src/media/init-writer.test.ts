import {
  type AudioCodec,
  EncodedAudioPacketSource,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  NullTarget,
  Output,
  type VideoCodec,
} from "mediabunny";
import { describe, expect, test } from "vitest";
import { BoxReader, type BoxSpan } from "./boxes.ts";
import { parseInitSegment } from "./init-segment.ts";
import { writeInit } from "./init-writer.ts";
import type { TrackSetup } from "./sample-entry.ts";

const text = (value: string) => new TextEncoder().encode(value);
const video = { kind: "video", width: 640, height: 360 } as const;
const audio = { kind: "audio", sampleRate: 48_000, channels: 2 } as const;
const avcC = Uint8Array.from([1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 0x1e, 1, 0, 2, 0x68, 0xce]);
const opusHead = Uint8Array.from([...text("OpusHead"), 1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]);

/** By mediabunny's muxer, which is used for files that are read, and brings too much to write a few hundred bytes with. */
const SETUPS: readonly (readonly [VideoCodec | AudioCodec, TrackSetup])[] = [
  ["avc", { ...video, codec: "avc1.42c01e", description: avcC }],
  ["avc", { ...video, codec: "avc1.42c01e", description: avcC, rotation: 90 }],
  ["avc", { ...video, codec: "avc1.42c01e", description: avcC, rotation: 180 }],
  ["avc", { ...video, codec: "avc1.42c01e", description: avcC, rotation: 270 }],
  ["avc", { ...video, codec: "avc1.42c01e", description: avcC, displayAspectWidth: 4, displayAspectHeight: 3 }],
  ["vp9", { ...video, codec: "vp09.00.30.08" }],
  ["vp9", { ...video, codec: "vp09.02.10.10.01.09.16.09.01" }],
  ["av1", { ...video, codec: "av01.0.04M.08" }],
  ["av1", { ...video, codec: "av01.1.15H.10.0.000.09.16.09.0" }],
  [
    "av1",
    {
      ...video,
      codec: "av01.0.04M.08",
      colorSpace: { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: true },
    },
  ],
  ["aac", { ...audio, codec: "mp4a.40.2", description: Uint8Array.from([0x11, 0x90]) }],
  ["opus", { ...audio, codec: "opus", description: opusHead }],
  ["opus", { ...audio, codec: "opus", channels: 1 }],
  [
    "flac",
    { ...audio, codec: "flac", description: Uint8Array.from([...text("fLaC"), 0x80, 0, 0, 34, ...new Uint8Array(34)]) },
  ],
  ["mp3", { ...audio, codec: "mp3" }],
];

async function byMediabunny(codec: VideoCodec | AudioCodec, setup: TrackSetup): Promise<Uint8Array<ArrayBuffer>> {
  const boxes: Uint8Array[] = [];
  const keep = (bytes: Uint8Array): void => void boxes.push(bytes.slice());
  const format = new Mp4OutputFormat({ fastStart: "fragmented", onFtyp: keep, onMoov: keep });
  const output = new Output({ format, target: new NullTarget() });
  const { kind, width = 0, height = 0, sampleRate = 0, channels = 0, rotation, colorSpace, ...rest } = setup;
  if (kind === "video") {
    const decoderConfig = { ...rest, codedWidth: width, codedHeight: height, ...(colorSpace && { colorSpace }) };
    output.addVideoTrack(new EncodedVideoPacketSource(codec as VideoCodec), {
      rotation: rotation ?? 0,
      decoderConfig: decoderConfig as VideoDecoderConfig,
    });
  } else {
    const decoderConfig = { ...rest, sampleRate, numberOfChannels: channels } as AudioDecoderConfig;
    output.addAudioTrack(new EncodedAudioPacketSource(codec as AudioCodec), { decoderConfig });
  }
  await output.start();
  await output.finalize();
  return new Uint8Array(await new Blob(boxes as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Boxes by their path, of which the two writers must agree. */
function boxesOf(bytes: Uint8Array<ArrayBuffer>): Record<string, string> {
  const reader = new BoxReader(bytes, "malformed-init");
  const found: Record<string, string> = {};
  const walk = (parent: string, boxes: readonly BoxSpan[]): void => {
    for (const each of boxes) {
      const path = `${parent}/${each.type}`;
      const isContainer = ["moov", "trak", "mdia", "minf", "stbl", "mvex"].includes(each.type);
      if (isContainer) walk(path, reader.children(each));
      else found[path] = Buffer.from(bytes.subarray(each.bodyStart, each.end)).toString("hex");
    }
  };
  walk("", reader.boxes(0, reader.size));
  return found;
}

describe("writeInit()", () => {
  test.each(SETUPS)("describes %s as mediabunny does: %o", async (codec, setup) => {
    const ours = boxesOf(writeInit([setup]));
    const theirs = boxesOf(await byMediabunny(codec, setup));
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    const tkhd = "/moov/trak/tkhd";
    // The rest of both headers are dates.
    expect(ours[tkhd]?.slice(24)).toBe(theirs[tkhd]?.slice(24));
    const stsd = "/moov/trak/mdia/minf/stbl/stsd";
    expect(withoutName(ours[stsd] ?? "", setup)).toBe(withoutName(theirs[stsd] ?? "", setup));
  });

  test("numbers tracks in the order given, each on a clock of its own", () => {
    const tracks = [SETUPS[0]?.[1], SETUPS[11]?.[1]].filter((setup) => setup !== undefined);
    expect(parseInitSegment(writeInit(tracks)).tracks).toMatchObject([
      { id: 1, kind: "video", codec: "avc1.42c01e", timescale: 57_600, width: 640, height: 360 },
      { id: 2, kind: "audio", codec: "opus", timescale: 48_000 },
    ]);
  });
});

/** Mediabunny signs its work in each video's sample entry. */
function withoutName(stsd: string, { kind }: TrackSetup): string {
  const [start, end] = [(8 + 8 + 42) * 2, (8 + 8 + 42 + 32) * 2];
  return kind === "video" ? stsd.slice(0, start) + stsd.slice(end) : stsd;
}
