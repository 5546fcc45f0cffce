import { describe, expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { chooseEncoders, type MediaProbes } from "./encoder-choice.ts";

const ask = { video: { width: 640, height: 360, frameRate: 30 }, audio: { sampleRate: 48_000, channels: 2 } };

/** A browser that encodes and plays the codecs whose strings begin with one of these, and holds pictures of the `late` ones back. */
function browser(encodes: readonly string[], plays: readonly string[] = encodes, late: readonly string[] = []) {
  const asked: string[] = [];
  const probed: string[] = [];
  const among = (codec: string, list: readonly string[]) => list.some((prefix) => codec.startsWith(prefix));
  const probes: MediaProbes = {
    video: async ({ codec }) => {
      asked.push(codec);
      return among(codec, encodes);
    },
    audio: async ({ codec }) => among(codec, encodes),
    prompt: async ({ codec }) => {
      probed.push(codec);
      return !among(codec, late);
    },
    plays: (type) => among(/codecs="(.*)"/.exec(type)?.[1] ?? "", plays),
  };
  return { probes, asked, probed };
}
const codecs = async (encodes: readonly string[], plays?: readonly string[]) => {
  const { video, audio } = await chooseEncoders(ask, browser(encodes, plays).probes);
  return [video?.codec, audio?.codec];
};

describe("chooseEncoders()", () => {
  test("takes H.264 with AAC where there is AAC, else with Opus", async () => {
    expect(await codecs(["avc1", "mp4a", "opus", "vp09"])).toEqual(["avc1.42e01e", "mp4a.40.2"]);
    expect(await codecs(["avc1", "opus", "vp09"])).toEqual(["avc1.42e01e", "opus"]);
  });

  test("falls back on VP9 and then AV1, both with Opus", async () => {
    expect(await codecs(["vp09", "av01", "opus", "mp4a"])).toEqual(["vp09.00.30.08", "opus"]);
    expect(await codecs(["av01", "opus"])).toEqual(["av01.0.04M.08", "opus"]);
  });

  test("passes over what the browser encodes but does not play", async () => {
    expect(await codecs(["avc1", "vp09", "opus", "mp4a"], ["vp09", "opus"])).toEqual(["vp09.00.30.08", "opus"]);
  });

  test("takes another H.264 profile before another codec", async () => {
    expect(await codecs(["avc1.6400", "vp09"])).toEqual(["avc1.64001e", undefined]);
  });

  test("passes over an encoder that holds pictures back, and takes it where all do", async () => {
    const firefox = browser(["avc1", "vp09", "opus"], undefined, ["avc1"]);
    expect((await chooseEncoders(ask, firefox.probes)).video?.codec).toBe("vp09.00.30.08");
    expect(firefox.probed, "no other profile of the same encoder").toEqual(["avc1.42e01e", "vp09.00.30.08"]);
    const late = browser(["avc1", "vp09", "opus", "mp4a"], undefined, ["avc1", "vp09"]);
    const { video, audio } = await chooseEncoders(ask, late.probes);
    expect([video?.codec, audio?.codec]).toEqual(["avc1.42e01e", "mp4a.40.2"]);
  });

  test("goes without sound rather than without pictures", async () => {
    expect(await codecs(["avc1"])).toEqual(["avc1.42e01e", undefined]);
  });

  test.each([
    [640, 360, 30, "1e"],
    [1280, 720, 30, "1f"],
    [1920, 1080, 30, "28"],
    [1920, 1080, 60, "2a"],
    [3840, 2160, 30, "33"],
    [3840, 2160, 60, "34"],
  ])("gives %ix%i at %i Hz the H.264 level %s", async (width, height, frameRate, level) => {
    const { video } = await chooseEncoders({ video: { width, height, frameRate } }, browser(["avc1"]).probes);
    expect(video?.codec).toBe(`avc1.42e0${level}`);
  });

  test("asks for realtime encoding of length-prefixed H.264, at the bit rate that was asked for", async () => {
    const { video } = await chooseEncoders({ video: { ...ask.video, bitrate: 123_456 } }, browser(["avc1"]).probes);
    expect(video).toMatchObject({ latencyMode: "realtime", avc: { format: "avc" }, bitrate: 123_456, framerate: 30 });
  });

  test("refuses a browser without any encoder as unsupported-browser", async () => {
    await expect(chooseEncoders(ask, browser([]).probes)).rejects.toSatisfy(
      (error) =>
        error instanceof RelayError &&
        error.code === "unsupported-browser" &&
        error.message.includes("640x360 at 30 Hz"),
    );
  });
});
