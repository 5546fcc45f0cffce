import { expect, test } from "vitest";
import { AAC_US, audioPackets, scanned, videoPackets } from "./file.test-support.ts";
import { audioPartTargetMs, decideAudio, decideVideo, type VideoFacts } from "./file-decision.ts";
import { scanAudio, scanVideo, type VideoScan } from "./file-scan.ts";

const asked = { partTargetMs: 333, targetDurationMs: 2_000 };

function facts(changes: Partial<VideoFacts> = {}, scanChanges: Partial<VideoScan> = {}): VideoFacts {
  const scan = { ...required(scanVideo(scanned(videoPackets({ frames: 300 })))), ...scanChanges };
  return {
    scan,
    codec: "avc",
    playable: true,
    transcodable: true,
    keyTimesUs: scan.keyTimesUs,
    endUs: scan.endUs,
    width: 640,
    height: 360,
    flipped: false,
    audioTailUs: 0,
    ...changes,
  };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("expected a value");
  return value;
}

test("steady H.264 with a key frame every two seconds passes through, in parts of whole frames", () => {
  expect(decideVideo(facts(), asked)).toEqual({
    mode: "pass",
    partTargetMs: 334,
    targetDurationMs: 2_000,
    minSegmentUs: 1e6,
  });
});

test("rule 4: the target duration covers the longest segment, and the clock's rounding does not cost a second", () => {
  expect(decideVideo(facts({ keyTimesUs: [0, 3.5e6, 7e6] }), asked)).toMatchObject({
    mode: "pass",
    targetDurationMs: 4_000,
  });
  expect(decideVideo(facts({ keyTimesUs: [0, 2.001e6, 4e6, 6e6, 8e6] }), asked)).toMatchObject({
    targetDurationMs: 2_000,
  });
});

test("rule 15: a variable rate passes while its longest frame is 15 % of the part target, raised by a quarter at most", () => {
  const variable = (longestFrameUs: number) => decideVideo(facts({}, { constant: false, longestFrameUs }), asked);
  expect(variable(45_000)).toMatchObject({ mode: "pass", partTargetMs: 333 });
  expect(variable(60_000)).toMatchObject({ mode: "pass", partTargetMs: 400 });
  expect(variable(66_700)).toMatchObject({ mode: "encode", reason: expect.stringContaining("67 ms") });
});

test.each([
  ["key frames 10 s apart", facts({ keyTimesUs: [0, 10e6], endUs: 20e6 }), "10.0 s apart"],
  ["a codec MP4 does not carry", facts({ playable: false, codec: "vp8" }), "vp8"],
  ["an open GOP", facts({}, { openGop: true }), "open GOP"],
  ["frames without times of their own", facts({}, { orderly: false }), "share one time"],
  ["an edit list that begins between key frames", facts({}, { firstUs: -1.2e6 }), "edit list"],
  ["a mirrored picture", facts({ flipped: true }), "mirrored"],
  ["sound beyond the last picture", facts({ audioTailUs: 600_000 }), "sound goes on"],
])("%s is encoded anew", (_, given, reason) => {
  expect(decideVideo(given, asked)).toMatchObject({
    mode: "encode",
    reason: expect.stringContaining(reason),
    frameRate: 30,
  });
});

test("one or two frames of pre-roll are shown, not encoded away", () => {
  expect(decideVideo(facts({}, { firstUs: -66_000 }), asked).mode).toBe("pass");
});

test("what is encoded fits 1280x720 either way up, in even numbers and at a usual rate", () => {
  const encode = (width: number, height: number, scanChanges: Partial<VideoScan> = {}) =>
    decideVideo(facts({ playable: false, width, height }, scanChanges), asked);
  expect(encode(1920, 1080)).toMatchObject({ width: 1280, height: 720 });
  expect(encode(2160, 3840)).toMatchObject({ width: 720, height: 1280 });
  expect(encode(641, 361)).toMatchObject({ width: 642, height: 362 });
  expect(encode(4000, 1000)).toMatchObject({ width: 1280, height: 320 });
  expect(encode(640, 360, { frameRate: 120 })).toMatchObject({ frameRate: 60, partTargetMs: 334 });
  expect(encode(640, 360, { frameRate: 1 })).toMatchObject({ frameRate: 10 });
  expect(encode(640, 360, { constant: false, medianFrameUs: 20_100 })).toMatchObject({ frameRate: 50 });
});

test("a codec that is neither played nor decoded is refused by its name", () => {
  expect(decideVideo(facts({ playable: false, transcodable: false, codec: "mp4v" }), asked)).toEqual({
    mode: "refuse",
    reason: expect.stringContaining("mp4v"),
  });
});

test("sound passes when it is played and its silence is known, is encoded when it can be, and else refused", () => {
  const scan = required(scanAudio(scanned(audioPackets({ count: 100 }))));
  const given = { scan, codec: "aac", playable: true, transcodable: true, silent: true };
  expect(decideAudio(given).mode).toBe("pass");
  expect(decideAudio({ ...given, playable: false, codec: "vorbis" })).toMatchObject({
    mode: "encode",
    reason: expect.stringContaining("vorbis"),
  });
  expect(decideAudio({ ...given, silent: false, codec: "flac" }).mode).toBe("encode");
  expect(decideAudio({ ...given, scan: { ...scan, packetUs: 128_000 } }).mode).toBe("encode");
  expect(decideAudio({ ...given, playable: false, transcodable: false, codec: "ac3" })).toMatchObject({
    mode: "refuse",
    reason: expect.stringContaining("ac3"),
  });
});

test("sound alone is cut into whole packets", () => {
  expect(audioPartTargetMs(333, AAC_US)).toBe(342);
  expect(audioPartTargetMs(333, 20_000)).toBe(340);
});
