import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RelayError } from "../model/errors.ts";
import { TestClock } from "./capture.test-support.ts";
import type { EncodedPacket } from "./source.ts";
import { VideoGrid } from "./video-encoder.ts";

/** Stands in for the browser's encoder, which Node has not: every frame comes out at once, unless it is held up. */
class StubEncoder {
  static made: StubEncoder[] = [];
  static held = 0;
  static failing = false;
  readonly #init: VideoEncoderInit;
  state = "unconfigured";
  readonly #waiting: [number, boolean][] = [];

  constructor(init: VideoEncoderInit) {
    this.#init = init;
    StubEncoder.made.push(this);
  }

  get encodeQueueSize() {
    return this.#waiting.length;
  }

  configure() {
    this.state = "configured";
  }

  encode(frame: { timestamp: number }, { keyFrame }: { keyFrame: boolean }) {
    if (StubEncoder.failing) throw new Error("lost device");
    this.#waiting.push([frame.timestamp, keyFrame]);
    while (this.#waiting.length > StubEncoder.held) {
      const [timestamp, key] = this.#waiting.shift() ?? [0, false];
      const chunk = {
        timestamp,
        duration: 33_333,
        type: key ? "key" : "delta",
        byteLength: 1,
        copyTo: () => undefined,
      };
      this.#init.output(chunk as unknown as EncodedVideoChunk, {});
    }
  }

  fail() {
    this.#init.error(new Error("lost device") as DOMException);
  }

  async flush() {}
  close() {
    this.state = "closed";
  }
}

function grid({ frameRate = 30, keyEveryFrames = 60, first = 0 } = {}) {
  const clock = new TestClock();
  const packets: EncodedPacket[] = [];
  const restarts: RelayError[] = [];
  const failures: RelayError[] = [];
  const frames = { open: 0 };
  const video = new VideoGrid({
    outputs: [
      {
        config: { codec: "avc1.42e01e", width: 640, height: 360 },
        onPacket: (packet) => packets.push(packet),
        onConfig: () => undefined,
      },
    ],
    frameRate,
    keyEveryFrames,
    clock,
    frameAt: ({ index, timestampUs }) => {
      if (index < first) return undefined;
      frames.open++;
      return { timestamp: timestampUs, close: () => frames.open-- } as unknown as VideoFrame;
    },
    onRestart: (error) => restarts.push(error),
    onFailed: (error) => failures.push(error),
  });
  video.start();
  return {
    clock,
    video,
    packets,
    restarts,
    failures,
    frames,
    keys: () => packets.filter((packet) => packet.key).map((packet) => packet.timestampUs),
  };
}

beforeEach(() => {
  Object.assign(StubEncoder, { made: [], held: 0, failing: false });
  vi.stubGlobal("VideoEncoder", StubEncoder);
});
afterEach(() => vi.unstubAllGlobals());

describe("VideoGrid", () => {
  test("encodes every slot of the grid, a key frame at the start of each segment", () => {
    const { clock, packets, keys } = grid();
    clock.advance(10_000);
    expect(packets).toHaveLength(301);
    expect(packets[100]?.timestampUs).toBe(3_333_333);
    expect(keys()).toEqual([0, 2_000_000, 4_000_000, 6_000_000, 8_000_000, 10_000_000]);
  });

  test("timers that are always late neither lose slots nor move them", () => {
    const { clock, packets } = grid();
    clock.advance(60_000, 25);
    expect(packets.length).toBeGreaterThanOrEqual(1799);
    expect(packets.at(-1)?.timestampUs).toBe(Math.round(((packets.length - 1) * 1e6) / 30));
  });

  test("closes every frame that it took", () => {
    const { clock, frames } = grid();
    clock.advance(1000);
    StubEncoder.failing = true;
    clock.advance(1000);
    expect(frames.open).toBe(0);
  });

  test("begins with a key frame at the first slot that has a picture", () => {
    const { clock, packets } = grid({ first: 7 });
    clock.advance(500);
    expect(packets[0]).toMatchObject({ timestampUs: 233_333, key: true });
  });

  test("drops slots while the encoder is behind, counts them, and still sends the key frame", () => {
    StubEncoder.held = 4;
    const { clock, video, packets, keys } = grid();
    clock.advance(3000);
    StubEncoder.held = 0;
    clock.advance(1000);
    expect(video.stats[0]?.dropped).toBeGreaterThan(50);
    expect(keys()).toContain(2_000_000);
    expect(packets.length + (video.stats[0]?.dropped ?? 0)).toBe(121);
  });

  test("an encoder that fails is started again, with a key frame", () => {
    const { clock, packets, restarts, failures } = grid();
    clock.advance(1000);
    StubEncoder.made.at(-1)?.fail();
    clock.advance(100);
    expect(restarts).toHaveLength(1);
    expect(failures).toHaveLength(0);
    expect(packets[31]?.key).toBe(true);
    expect(packets).toHaveLength(34);
  });

  test("one that fails a fourth time in 30 s is given up, as encoder-failed", () => {
    const { clock, packets, restarts, failures } = grid();
    for (let i = 0; i < 4; i++) {
      clock.advance(1000);
      StubEncoder.made.at(-1)?.fail();
    }
    expect(restarts).toHaveLength(3);
    expect(failures).toMatchObject([{ code: "encoder-failed" }]);
    const count = packets.length;
    clock.advance(1000);
    expect(packets).toHaveLength(count);
  });

  test("failures that are far apart are forgiven", () => {
    const { clock, failures } = grid();
    for (let i = 0; i < 10; i++) {
      clock.advance(11_000);
      StubEncoder.made.at(-1)?.fail();
    }
    expect(failures).toHaveLength(0);
  });

  test("a machine that slept goes on with the present, from a key frame", () => {
    const { clock, video, packets } = grid();
    clock.advance(1000);
    clock.advance(3_600_000, 3_590_000);
    const next = packets[31];
    expect(next?.key).toBe(true);
    expect(next?.timestampUs).toBeGreaterThan(3_580_000_000);
    expect(video.stats[0]?.dropped).toBeGreaterThan(100_000);
  });

  test("stop() ends it", async () => {
    const { clock, video, packets } = grid();
    clock.advance(1000);
    await video.stop();
    clock.advance(1000);
    expect(packets).toHaveLength(31);
    expect(StubEncoder.made[0]?.state).toBe("closed");
  });

  test("all outputs get the same pictures, and key frames at the same slots", () => {
    const clock = new TestClock();
    const packets: EncodedPacket[][] = [[], []];
    const output = (index: number, everyNth: number) => ({
      config: { codec: "avc1.42e01e", width: 640, height: 360 },
      everyNth,
      onPacket: (packet: EncodedPacket) => packets[index]?.push(packet),
      onConfig: () => undefined,
    });
    let open = 0;
    const video = new VideoGrid({
      outputs: [output(0, 1), output(1, 2)],
      frameRate: 30,
      keyEveryFrames: 60,
      clock,
      frameAt: ({ timestampUs }) => {
        open++;
        return { timestamp: timestampUs, close: () => open-- } as unknown as VideoFrame;
      },
      onRestart: () => undefined,
      onFailed: () => undefined,
    });
    video.start();
    clock.advance(3_000);
    video.wantKey();
    clock.advance(1_000);
    const [all = [], half = []] = packets;
    expect([all.length, half.length, open]).toEqual([121, 61, 0]);
    const keys = (list: readonly EncodedPacket[]) =>
      list.filter(({ key }) => key).map(({ timestampUs }) => timestampUs);
    expect(keys(all)).toEqual([0, 2_000_000, 3_033_333, 4_000_000]);
    expect(keys(half)).toEqual([0, 2_000_000, 3_066_667, 4_000_000]);
    expect(video.stats).toMatchObject([{ encoded: 121 }, { encoded: 61 }]);
  });
});
