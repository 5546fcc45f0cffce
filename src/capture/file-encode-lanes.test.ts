import { expect, test } from "vitest";
import type { SoundBlock } from "./audio-encoder.ts";
import { FRAME_US, JumpingClock, ListDecoded } from "./file.test-support.ts";
import { AudioEncodeLane, VideoEncodeLane } from "./file-encode-lanes.ts";
import { pace } from "./file-pacer.ts";
import { LoopTimeline } from "./file-timeline.ts";

class Picture {
  static open = 0;
  readonly name: string;
  closed = false;

  constructor(name: string) {
    this.name = name;
    Picture.open++;
  }

  close(): void {
    if (!this.closed) Picture.open--;
    this.closed = true;
  }
}

interface Sound {
  readonly numberOfFrames: number;
  readonly sampleRate: number;
  readonly value: number;
  close(): void;
}

const sounds = (count: number, { fromUs = 0, frames = 960, sampleRate = 48_000 } = {}) =>
  Array.from({ length: count }, (_, n) => ({
    media: { numberOfFrames: frames, sampleRate, value: n + 1, close: () => undefined },
    timestampUs: fromUs + (n * frames * 1e6) / sampleRate,
    durationUs: (frames * 1e6) / sampleRate,
  }));

interface PlayOptions {
  readonly pictures?: readonly number[];
  readonly sounds?: ReturnType<typeof sounds>;
  readonly loops?: number;
  readonly holdUntilUs?: number;
  readonly channels?: number;
}

async function play({ pictures, sounds: list, loops = 1, holdUntilUs = 0, channels = 1 }: PlayOptions) {
  const slots: string[] = [];
  const blocks: { readonly startFrame: number; readonly block: SoundBlock }[] = [];
  const abort = new AbortController();
  const timeline = new LoopTimeline(0, loops > 1);
  let ends = 0;
  const onFileEnd = (): void => {
    if (++ends === loops && loops > 1) setImmediate(() => abort.abort());
  };
  const video =
    pictures &&
    new VideoEncodeLane<Picture>({
      stream: new ListDecoded(() =>
        pictures.map((timestampUs, n) => ({ media: new Picture(`p${n}`), timestampUs, durationUs: FRAME_US })),
      ),
      timeline,
      frameRate: 30,
      holdUntilUs,
      onFileEnd,
      encoder: {
        encode(picture) {
          expect(picture.closed).toBe(false);
          slots.push(picture.name);
        },
      },
    });
  const audio =
    list &&
    new AudioEncodeLane<Sound>({
      stream: new ListDecoded(() => list),
      channelsOf: ({ numberOfFrames, value }) => [new Float32Array(numberOfFrames).fill(value)],
      timeline,
      encoder: { encode: (block, startFrame) => blocks.push({ block, startFrame }) },
      sampleRate: 48_000,
      channels,
      leads: video === undefined,
      ...(video === undefined && { onFileEnd }),
    });
  const leading = video ?? audio;
  if (leading === undefined) throw new Error("expected a track");
  await pace({
    leading,
    ...(video && audio && { following: audio }),
    ready: async () => undefined,
    clock: new JumpingClock(),
    signal: abort.signal,
  });
  video?.close();
  audio?.close();
  return { slots, blocks };
}

function expectEndToEnd(blocks: readonly { readonly startFrame: number; readonly block: SoundBlock }[]): void {
  let frames = 0;
  for (const { startFrame, block } of blocks) {
    expect(startFrame).toBe(frames);
    frames += block[0]?.length ?? 0;
  }
}

test("each slot gets the picture of its time: late ones are repeated, a variable rate becomes constant", async () => {
  const { slots } = await play({ pictures: [0, FRAME_US, 4 * FRAME_US, 4.4 * FRAME_US, 6 * FRAME_US] });
  expect(slots).toEqual(["p0", "p1", "p1", "p1", "p2", "p3", "p4"]);
});

test("times rounded to milliseconds put each picture into one slot", async () => {
  const { slots } = await play({
    pictures: Array.from({ length: 90 }, (_, n) => Math.round((n * FRAME_US) / 1000) * 1000),
  });
  expect(new Set(slots).size).toBe(90);
  expect(slots).toHaveLength(90);
});

test("every picture is closed, also when it is stopped", async () => {
  Picture.open = 0;
  await play({ pictures: [0, FRAME_US, 2 * FRAME_US], loops: 4 });
  // Those of the list that were never asked for belong to the stream.
  expect(Picture.open).toBeLessThanOrEqual(3);
});

test("the last picture stays while the sound goes on", async () => {
  const { slots, blocks } = await play({ pictures: [0, FRAME_US], sounds: sounds(50), holdUntilUs: 1e6 });
  expect(slots).toHaveLength(30);
  expect(slots.at(-1)).toBe("p1");
  expectEndToEnd(blocks);
});

test("100 loops keep pictures and sound within 40 ms of each other", async () => {
  const { slots, blocks } = await play({
    pictures: Array.from({ length: 31 }, (_, n) => n * FRAME_US),
    sounds: sounds(49),
    loops: 100,
  });
  expectEndToEnd(blocks);
  const begins = blocks.filter(({ block }) => block[0]?.[0] === 1).map(({ startFrame }) => (startFrame * 1e6) / 48_000);
  const shown = slots.flatMap((name, slot) => (name === "p0" ? [slot * FRAME_US] : []));
  expect(begins.length).toBeGreaterThanOrEqual(99);
  for (const [round, beginUs] of begins.entries()) expect(Math.abs(beginUs - (shown[round] ?? 0))).toBeLessThan(40_000);
});

test("holes in the sound are filled to the sample, overlaps cut", async () => {
  const [first, second] = [sounds(10), sounds(10, { fromUs: 500_000 })];
  const { blocks } = await play({ sounds: [...first, ...second] });
  expectEndToEnd(blocks);
  expect(blocks.find(({ startFrame }) => startFrame === 24_000)?.block[0]?.[0]).toBe(1);
  const overlapping = await play({ sounds: [...first, ...sounds(10, { fromUs: 100_000 })] });
  expectEndToEnd(overlapping.blocks);
  const length = overlapping.blocks.reduce((sum, { block }) => sum + (block[0]?.length ?? 0), 0);
  expect(length / 48_000).toBeCloseTo(0.3, 6);
});

test("sound of another rate is brought to the encoder's, and mono goes into both channels", async () => {
  const { blocks } = await play({ sounds: sounds(100, { sampleRate: 22_050, frames: 441 }), channels: 2 });
  const length = blocks.reduce((sum, { block }) => sum + (block[0]?.length ?? 0), 0);
  expect(Math.abs(length / 48_000 - 2)).toBeLessThan(0.001);
  expect(blocks[5]?.block[1]).toEqual(blocks[5]?.block[0]);
});
