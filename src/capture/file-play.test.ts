import { expect, test, vi } from "vitest";
import { TestClock } from "./capture.test-support.ts";
import { ListDecoded } from "./file.test-support.ts";
import type { InspectedFile } from "./file-inspect.ts";
import { FilePlay } from "./file-play.ts";
import { SoundLine } from "./sound-line.ts";

/** Pictures that cannot be decoded, beside sound that can: ten seconds of it. */
vi.mock("mediabunny", async (original) => ({
  ...(await original<typeof import("mediabunny")>()),
  VideoSampleSink: class {},
  AudioSampleSink: class {},
}));
vi.mock("./file-frames.ts", () => ({
  decodeVideo: () => new ListDecoded(() => []),
  decodeAudio: () =>
    new ListDecoded(() =>
      Array.from({ length: 500 }, (_, n) => ({
        media: { numberOfFrames: 960, sampleRate: 48_000, close: () => undefined },
        timestampUs: n * 20_000,
        durationUs: 20_000,
      })),
    ),
  channelsOf: ({ numberOfFrames }: { numberOfFrames: number }) => [new Float32Array(numberOfFrames)],
}));

test("a file none of whose pictures can be decoded is over, and says why", async () => {
  const line = new SoundLine({ sampleRate: 48_000, channels: 1, encode: () => undefined });
  const clock = new TestClock();
  const track = { track: {}, packets: {}, scan: { firstUs: 0 }, endUs: 10_000_000 };
  const file = { video: track, audio: track, readable: async () => true, close: () => undefined };
  const play = new FilePlay({
    file: file as unknown as InspectedFile,
    name: "film.mp4",
    loop: false,
    context: {
      size: { width: 640, height: 360 },
      frameRate: 30,
      start: { monotonicMs: 0, wallMs: 0 },
      clock,
      line,
      warn: () => undefined,
    },
  });
  for (let slot = 0; slot < 10 && !play.isOver; slot++) {
    await new Promise((resolve) => setTimeout(resolve));
    clock.advance(33);
    expect(play.frame({ index: slot, timestampUs: 0, durationUs: 0 })).toBeUndefined();
    play.sound(slot * 33);
  }
  expect(play.isOver).toBe(true);
  expect(play.failure).toMatchObject({
    code: "unsupported-media",
    message: "None of its pictures could be decoded.",
  });
  play.stop();
});
