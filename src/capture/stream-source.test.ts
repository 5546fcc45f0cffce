import { expect, test } from "vitest";
import { TestClock } from "./capture.test-support.ts";
import { SoundLine } from "./sound-line.ts";
import { openStream } from "./stream-source.ts";

const picture = { displayWidth: 640, displayHeight: 361, close: () => undefined } as unknown as VideoFrame;

/** Gives these, and stays open. */
const giving = <Frame>(...frames: Frame[]): ReadableStream<Frame> =>
  new ReadableStream({ start: (controller) => frames.forEach((frame) => void controller.enqueue(frame)) });
const line = () => new SoundLine({ sampleRate: 48_000, channels: 2, encode: () => undefined });
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Opens, and starts; resolves with what was told by then. */
async function warningsOf(audio: boolean): Promise<readonly string[]> {
  const clock = new TestClock();
  const request = { kind: "stream", name: "camera", video: giving(picture), audio: giving<AudioData>() } as const;
  const opening = openStream(request, { audio }, clock);
  await settled();
  clock.advance(2_000);
  const feed = await opening;
  expect(feed).toMatchObject({ width: 640, height: 360 });
  const warnings: string[] = [];
  feed.start({
    size: { width: 640, height: 360 },
    frameRate: 30,
    start: { monotonicMs: clock.now(), wallMs: clock.wallMs() },
    clock,
    line: line(),
    warn: (code, message) => warnings.push(`${code}: ${message}`),
    ended: () => undefined,
  });
  return warnings;
}

test("a microphone that gives no sound in time is told of, and the stream starts without", async () => {
  expect(await warningsOf(true)).toEqual([
    "source-missing: expected sound of the camera within 2 s, got none: the stream is silent",
  ]);
});

test("sound that nobody wants is not waited for", async () => {
  expect(await warningsOf(false)).toEqual([]);
});

test("a track that does not know its frame rate is taken at a usual one", async () => {
  const rates = [0, undefined, 24, 120].map(async (frameRate) => {
    const asked = frameRate === undefined ? {} : { frameRate };
    const request = { kind: "stream", name: "screen", video: giving(picture), ...asked } as const;
    return (await openStream(request, { audio: false }, new TestClock())).frameRate;
  });
  expect(await Promise.all(rates)).toEqual([30, 30, 24, 60]);
});

test("a microphone whose rate changes, as when a headset is taken off, is heard on", async () => {
  const clock = new TestClock();
  let give: (sampleRate: number) => void = () => undefined;
  const audio = new ReadableStream<AudioData>({
    start: (controller) => {
      give = (sampleRate) => {
        const copyTo = (plane: Float32Array) => plane.fill(0.5);
        const data = {
          sampleRate,
          numberOfFrames: sampleRate / 100,
          numberOfChannels: 1,
          copyTo,
          close: () => undefined,
        };
        controller.enqueue(data as unknown as AudioData);
      };
    },
  });
  give(48_000);
  const feed = await openStream(
    { kind: "stream", name: "camera", video: giving(picture), audio },
    { audio: true },
    clock,
  );
  const heard: number[] = [];
  const playing = feed.start({
    size: { width: 640, height: 360 },
    frameRate: 30,
    start: { monotonicMs: clock.now(), wallMs: clock.wallMs() },
    clock,
    line: new SoundLine({ sampleRate: 48_000, channels: 1, encode: ([plane]) => heard.push(...(plane ?? [])) }),
    warn: () => undefined,
    ended: () => undefined,
  });
  playing.sound(0);
  for (let block = 0; block < 40; block++) {
    clock.advance(10);
    give(block < 20 ? 48_000 : 16_000);
    await settled();
    playing.sound(clock.now());
  }
  expect(heard.slice(240 * 48, 390 * 48).every((sample) => sample === 0.5)).toBe(true);
  expect(Math.abs(heard.length - 400 * 48)).toBeLessThan(480);
});
