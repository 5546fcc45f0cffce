import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { BoxReader } from "../media/boxes.ts";
import type { Bytes } from "../model/bytes.ts";
import { testAudioTrack, testVideoTrack } from "./capture.test-support.ts";
import { initBoxes } from "./init-boxes.ts";
import { muxInit } from "./init-muxer.ts";
import type { TrackDescription } from "./source.ts";

const colorSpace = { primaries: "bt709", transfer: "iec61966-2-1", matrix: "bt470bg", fullRange: true } as const;

const videoOf = (codec: string, more: Partial<VideoDecoderConfig> = {}): TrackDescription => ({
  ...testVideoTrack,
  codec,
  decoderConfig: { codec, codedWidth: 640, codedHeight: 360, ...more },
});

const aac: TrackDescription = {
  ...testAudioTrack,
  codec: "mp4a.40.2",
  decoderConfig: {
    codec: "mp4a.40.2",
    sampleRate: 44_100,
    numberOfChannels: 2,
    description: Uint8Array.of(0x12, 0x10),
  },
};

/** Every box by its path, those that hold others as what they say beside them; without times and names of programs. */
function told(bytes: Bytes): string[] {
  const reader = new BoxReader(bytes, "malformed-init");
  const lines: string[] = [];
  const holders: Readonly<Record<string, number>> = {
    moov: 0,
    trak: 0,
    mdia: 0,
    minf: 0,
    dinf: 0,
    stbl: 0,
    mvex: 0,
    dref: 8,
    stsd: 8,
    avc1: 78,
    vp09: 78,
    av01: 78,
    Opus: 28,
    mp4a: 28,
  };
  const walk = (start: number, end: number, path: string): void => {
    for (const { type, bodyStart, end: boxEnd } of reader.boxes(start, end)) {
      const childrenAt = holders[type];
      const body = bytes.slice(bodyStart, childrenAt === undefined ? boxEnd : bodyStart + childrenAt);
      if (/^(mvhd|tkhd|mdhd)$/.test(type)) body.fill(0, 4, 12);
      if (/^(avc1|vp09|av01)$/.test(type)) body.fill(0, 42, 74);
      const said = type === "hdlr" ? body.slice(8, 12) : body;
      lines.push(`${path}/${type} ${Buffer.from(said).toString("hex")}`);
      if (childrenAt !== undefined) walk(bodyStart + childrenAt, boxEnd, `${path}/${type}`);
    }
  };
  walk(0, bytes.byteLength, "");
  // A muxer that goes on to write samples prepares for them.
  return lines.filter((line) => !/\/(btrt|stss|udta)\b/.test(line));
}

test.each<[string, readonly TrackDescription[]]>([
  ["H.264 and Opus", [testVideoTrack, testAudioTrack]],
  ["H.264 that is turned by 90 degrees", [{ ...testVideoTrack, rotation: 90 }]],
  ["H.264 that is turned by 180 degrees", [{ ...testVideoTrack, rotation: 180 }]],
  ["H.264 that is turned by 270 degrees", [{ ...testVideoTrack, rotation: 270 }]],
  ["Opus alone", [testAudioTrack]],
  [
    "H.264 with its colours, and AAC",
    [{ ...testVideoTrack, decoderConfig: { ...testVideoTrack.decoderConfig, colorSpace } }, aac],
  ],
  ["VP9", [videoOf("vp09.00.30.08")]],
  ["VP9 that says its colours", [videoOf("vp09.02.40.10.01.09.16.09.01", { colorSpace })]],
  ["AV1", [videoOf("av01.0.04M.08")]],
  ["AV1 of ten bits, high tier", [videoOf("av01.1.09H.10.0.000.09.16.09.1", { colorSpace })]],
])("the boxes of %s are those that a muxer writes", async (_, tracks) => {
  const bytes = initBoxes(tracks);
  if (bytes === undefined) throw new Error("expected boxes");
  expect(told(bytes)).toEqual(told(await muxInit(tracks)));
});

test.each<[string, TrackDescription]>([
  ["without parameter sets", videoOf("avc1.42c01e")],
  ["of another codec", videoOf("hvc1.1.6.L93.B0", { description: new Uint8Array(23) })],
  ["whose pixels are not square", videoOf("vp09.00.30.08", { displayAspectWidth: 16, displayAspectHeight: 9 })],
])("a track %s is left to the muxer", (_, track) => {
  expect(initBoxes([track])).toBeUndefined();
});
