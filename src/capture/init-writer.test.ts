import { describe, expect, test } from "vitest";
import { testAudioTrack, testVideoTrack } from "./capture.test-support.ts";
import { writeInit } from "./init-writer.ts";
import type { TrackDescription } from "./source.ts";

const videoOf = (codec: string): TrackDescription => ({
  ...testVideoTrack,
  codec,
  decoderConfig: { codec, codedWidth: 640, codedHeight: 360 },
});

describe("writeInit()", () => {
  test("describes both tracks before there is any packet", async () => {
    const { segment } = await writeInit([testVideoTrack, testAudioTrack]);
    expect(segment.tracks).toMatchObject([
      { id: 1, kind: "video", codec: "avc1.42c01e", width: 640, height: 360 },
      { id: 2, kind: "audio", codec: "opus", timescale: 48_000 },
    ]);
  });

  test("gives video a timescale in which frames last whole ticks at the usual rates", async () => {
    const { segment } = await writeInit([testVideoTrack]);
    for (const frameRate of [24, 25, 30, 48, 50, 60]) expect(segment.primary.timescale % frameRate).toBe(0);
  });

  test.each(["vp09.00.30.08", "av01.0.04M.08"])("carries %s without a description", async (codec) => {
    const { segment } = await writeInit([videoOf(codec)]);
    expect(segment.tracks[0]?.codec).toBe(codec);
  });

  test("keeps the turn of a picture in the track header", async () => {
    const upright = await writeInit([testVideoTrack]);
    const turned = await writeInit([{ ...testVideoTrack, rotation: 90 }]);
    expect(turned.bytes).not.toEqual(upright.bytes);
  });

  test.each(["theora", "vorbis"])("refuses %s as unsupported-media", async (codec) => {
    await expect(writeInit([videoOf(codec)])).rejects.toMatchObject({ code: "unsupported-media" });
  });

  test("refuses H.264 without its parameter sets as unsupported-media", async () => {
    await expect(writeInit([videoOf("avc1.42c01e")])).rejects.toMatchObject({ code: "unsupported-media" });
  });
});
