import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedVideoPacketSource,
  EncodedPacket as FilePacket,
  MkvOutputFormat,
  Mp4OutputFormat,
  Output,
} from "mediabunny";
import { expect, test } from "vitest";
import { testAudioTrack } from "./capture.test-support.ts";
import { FRAME_US, JumpingClock, worstSeamUs } from "./file.test-support.ts";
import { openFile } from "./file-source.ts";
import type { EncodedPacket, FileSourceOptions } from "./source.ts";

/** What x264 writes for 640x360 in constrained baseline. */
const description = new Uint8Array([
  0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x19, 0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11,
  0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x16, 0x2e, 0x48, 0x01, 0x00, 0x05, 0x68, 0xcb,
  0x83, 0xcb, 0x20,
]);
const options: FileSourceOptions = { partTargetMs: 333, targetDurationMs: 2_000 };
/** A browser that plays H.264 and Opus and encodes nothing. */
const host = () => ({
  probes: {
    video: async () => false,
    audio: async () => false,
    prompt: async () => true,
    plays: (type: string) => /avc1|opus/.test(type),
  },
  clock: new JumpingClock(),
});

interface FilmOptions {
  readonly frames?: number;
  readonly gop?: number;
  readonly audio?: number;
  readonly container?: "mp4" | "mkv";
}

/** A film of one-byte pictures. */
async function film({ frames = 150, gop = 60, audio = 250, container = "mp4" }: FilmOptions = {}): Promise<Blob> {
  const format = container === "mp4" ? new Mp4OutputFormat({ fastStart: "in-memory" }) : new MkvOutputFormat();
  const output = new Output({ format, target: new BufferTarget() });
  const video = new EncodedVideoPacketSource("avc");
  const sound = new EncodedAudioPacketSource("opus");
  if (frames > 0) output.addVideoTrack(video);
  if (audio > 0) output.addAudioTrack(sound);
  await output.start();
  for (let n = 0; n < frames; n++) {
    const unit = new Uint8Array([0, 0, 0, 2, n % gop === 0 ? 0x65 : 0x41, 0x88]);
    await video.add(new FilePacket(unit, n % gop === 0 ? "key" : "delta", n / 30, 1 / 30), {
      decoderConfig: { codec: "avc1.42c01e", codedWidth: 640, codedHeight: 360, description },
    });
  }
  for (let n = 0; n < audio; n++) {
    await sound.add(new FilePacket(new Uint8Array([0xfc, 0xff, 0xfe]), "key", n * 0.02, 0.02), {
      decoderConfig: testAudioTrack.decoderConfig as AudioDecoderConfig,
    });
  }
  await output.finalize();
  return new Blob([output.target.buffer ?? new ArrayBuffer(0)]);
}

/** Plays a file until it ends, or until `stopAfter` packets. */
async function play(
  file: Blob,
  { stopAfter = Number.POSITIVE_INFINITY, ...changes }: Partial<FileSourceOptions> & { stopAfter?: number } = {},
) {
  const source = await openFile(file, { ...options, ...changes }, host());
  if (source === undefined) throw new Error("expected a file that passes through");
  const packets: EncodedPacket[] = [];
  const warnings: string[] = [];
  const running = source.start({
    packet(packet) {
      packets.push(packet);
      if (packets.length === stopAfter) running.stop();
    },
    reconfigure: () => undefined,
    ready: async () => undefined,
    warn: (code, message) => warnings.push(`${code}: ${message}`),
  });
  await running.ended;
  const of = (kind: string) => packets.filter((packet) => packet.kind === kind);
  return { source, warnings, packets, video: of("video"), audio: of("audio") };
}

test.each(["mp4", "mkv"] as const)("H.264 and Opus in %s pass through, end to end", async (container) => {
  const { source, video, audio, warnings } = await play(await film({ container }));
  expect(source.treatment).toEqual({ video: "pass", audio: "pass", reasons: [] });
  expect(source).toMatchObject({ partTargetMs: 334, targetDurationMs: 2_000 });
  expect(source.tracks).toMatchObject([
    { kind: "video", codec: "avc1.42c01e", width: 640, height: 360, rotation: 0, reorderDepth: 0 },
    { kind: "audio", codec: "opus", sampleRate: 48_000, channels: 2 },
  ]);
  expect(video).toHaveLength(150);
  expect(video.filter(({ key }) => key)).toHaveLength(3);
  expect(worstSeamUs(video)).toBeLessThan(1_100);
  expect(worstSeamUs(audio)).toBeLessThan(2);
  expect(warnings).toEqual([]);
});

test("a loop goes on at a key frame, where the last frame ended", async () => {
  const { video, audio } = await play(await film({ frames: 75, audio: 130 }), { loop: true, stopAfter: 1_500 });
  expect(video.length).toBeGreaterThan(500);
  expect(worstSeamUs(video)).toBeLessThan(2);
  expect(worstSeamUs(audio)).toBeLessThan(2);
  expect(video[75]).toMatchObject({ key: true, timestampUs: Math.round(75 * FRAME_US) });
});

test("sound is left out when it is not wanted, and either track may be missing", async () => {
  expect((await play(await film(), { audio: false })).audio).toEqual([]);
  expect((await play(await film({ audio: 0 }))).source.tracks.map(({ kind }) => kind)).toEqual(["video"]);
  const alone = await play(await film({ frames: 0 }));
  expect(alone.source.tracks.map(({ kind }) => kind)).toEqual(["audio"]);
  expect(alone.source.partTargetMs).toBe(340);
  expect(alone.audio).toHaveLength(250);
});

test("stopping ends it, and nothing comes after", async () => {
  const { packets } = await play(await film(), { stopAfter: 50 });
  expect(packets).toHaveLength(50);
});

test("a cut off file plays what is there and then says so", async () => {
  const whole = await film({ frames: 300, audio: 500 });
  const { video, warnings } = await play(whole.slice(0, whole.size - 2_400));
  expect(video.length).toBeGreaterThan(10);
  expect(video.length).toBeLessThan(300);
  expect(warnings).toEqual([expect.stringMatching(/^source-lost: The file is cut off/)]);
});

test("a picture that can be neither passed through nor encoded is refused with the reason", async () => {
  await expect(openFile(await film({ frames: 300, gop: 300 }), options, host())).rejects.toMatchObject({
    code: "unsupported-media",
    message: expect.stringContaining("10.0 s apart"),
  });
});

test.each([
  ["an empty file", new Blob([]), "empty"],
  ["a text", new Blob(["this is not a film, whatever its name says"]), "no video or audio file"],
  ["zeros", new Blob([new Uint8Array(10_000)]), "no video or audio file"],
])("%s is refused in a sentence", async (_, file, sentence) => {
  await expect(openFile(file, options, host())).rejects.toMatchObject({
    code: "unsupported-media",
    message: expect.stringContaining(sentence),
  });
});

test("a file without its index is told from one that is no media", async () => {
  const ftyp = (await film()).slice(0, 24);
  const mdat = new Uint8Array([0, 1, 0, 0, 0x6d, 0x64, 0x61, 0x74]);
  await expect(openFile(new Blob([ftyp, mdat, new Uint8Array(2_000)]), options, host())).rejects.toMatchObject({
    code: "unsupported-media",
    message: expect.stringContaining("moov"),
  });
});

test("a file of which nothing lasts is refused", async () => {
  await expect(openFile(await film({ frames: 1, audio: 0 }), options, host())).rejects.toMatchObject({
    code: "unsupported-media",
    message: expect.stringContaining("zero duration"),
  });
});

test("an abort before or while opening ends it with its reason", async () => {
  const reason = new Error("enough");
  await expect(openFile(await film(), { ...options, signal: AbortSignal.abort(reason) }, host())).rejects.toBe(reason);
  const abort = new AbortController();
  const opening = openFile(await film(), { ...options, signal: abort.signal }, host());
  abort.abort(reason);
  await expect(opening).rejects.toBe(reason);
});
