import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RelayError } from "../model/errors.ts";
import { TestClock } from "./capture.test-support.ts";
import type { FeedContext, OpenFeed } from "./feed.ts";
import { Mixer } from "./mixer.ts";
import { SoundLine } from "./sound-line.ts";

/** Stands in for the browser's canvas, which Node has not. */
class StubCanvas {
  getContext() {
    return null;
  }
}
/** A frame of a slate, since all others come from the feeds of the tests. */
class StubFrame {
  readonly from = "slate";
  close() {}
}

beforeEach(() => {
  vi.stubGlobal("OffscreenCanvas", StubCanvas);
  vi.stubGlobal("VideoFrame", StubFrame);
});
afterEach(() => vi.unstubAllGlobals());

function source(name: string) {
  const state = { ready: true, stopped: false, closed: false, held: false, open: 0 };
  let context: FeedContext | undefined;
  const feed: OpenFeed = {
    width: 320,
    height: 180,
    frameRate: 20,
    close: () => {
      state.closed = true;
    },
    start: (given) => {
      context = given;
      return {
        driftMs: 0,
        frame: () => {
          if (!state.ready) return undefined;
          state.open++;
          return { from: name, close: () => state.open-- } as unknown as VideoFrame;
        },
        sound: (elapsedMs) => given.line?.put([new Float32Array(50).fill(0.5)], given.line.framesAt(elapsedMs)),
        hold: (held) => {
          state.held = held;
        },
        stop: () => {
          state.stopped = true;
        },
      };
    },
  };
  return { feed, state, end: (error?: RelayError) => context?.ended(error) };
}

function mixer() {
  const first = source("first");
  const clock = new TestClock();
  const ends: (RelayError | undefined)[] = [];
  const warnings: string[] = [];
  const cuts: string[] = [];
  const samples: number[] = [];
  const line = new SoundLine({
    sampleRate: 1_000,
    channels: 1,
    encode: (block) => samples.push(...(block[0] ?? [])),
  });
  const mix = new Mixer(
    {
      size: { width: 320, height: 180 },
      frameRate: 20,
      start: { monotonicMs: 0, wallMs: 0 },
      clock,
      line,
      warn: (code, message) => warnings.push(`${code}: ${message}`),
      ended: (error) => ends.push(error),
      onCut: () => cuts.push("cut"),
    },
    first.feed,
  );
  let index = 0;
  const shown = (): string | undefined => {
    const elapsedMs = index * 50;
    mix.sound(elapsedMs);
    const frame = mix.frame({ index: index++, timestampUs: elapsedMs * 1000, durationUs: 50_000 });
    frame?.close();
    return (frame as { from?: string } | undefined)?.from;
  };
  return { mix, first, clock, ends, warnings, cuts, samples, shown };
}

describe("Mixer", () => {
  test("another source is on the air with its first picture, and the former one is freed", async () => {
    const { mix, first, shown, cuts } = mixer();
    const second = source("second");
    second.state.ready = false;
    const switching = mix.switchTo(second.feed);
    expect([shown(), shown()]).toEqual(["first", "first"]);
    expect(first.state.stopped).toBe(false);
    second.state.ready = true;
    expect(shown()).toBe("second");
    await switching;
    expect(first.state.stopped).toBe(true);
    expect(first.state.open).toBe(0);
    expect(cuts).toHaveLength(1);
  });

  test("one that shows nothing is given up, and the former one goes on", async () => {
    const { mix, first, clock, shown } = mixer();
    const second = source("second");
    second.state.ready = false;
    const switching = mix.switchTo(second.feed);
    shown();
    clock.advance(10_000);
    await expect(switching).rejects.toMatchObject({ code: "source-missing" });
    expect(second.state.stopped).toBe(true);
    expect(first.state.stopped).toBe(false);
    second.state.ready = true;
    expect(shown()).toBe("first");
  });

  test("a pause is a slate and silence; the source waits behind it", () => {
    const { mix, first, shown, samples } = mixer();
    shown();
    mix.setPaused(true, "Paused");
    expect(first.state.held).toBe(true);
    for (let i = 0; i < 10; i++) expect(shown()).toBe("slate");
    const from = samples.length - 300;
    expect(samples.slice(from).every((sample) => sample === 0)).toBe(true);
    mix.setPaused(false, "");
    expect(first.state.held).toBe(false);
    expect(shown()).toBe("first");
    expect(first.state.open).toBe(0);
  });

  test("muting outlasts a pause, and a switch", async () => {
    const { mix, shown, samples } = mixer();
    mix.setMuted(true);
    mix.setPaused(true, "Paused");
    mix.setPaused(false, "");
    const switching = mix.switchTo(source("second").feed);
    for (let i = 0; i < 10; i++) shown();
    await switching;
    expect(mix.muted).toBe(true);
    expect(samples.slice(50).every((sample) => sample === 0)).toBe(true);
  });

  test("the stream ends with the source that it began with, and not with one that it was switched to", async () => {
    const { mix, first, ends, warnings, shown } = mixer();
    const second = source("second");
    const switching = mix.switchTo(second.feed);
    shown();
    await switching;
    first.end();
    second.end();
    expect(ends).toEqual([]);
    expect(warnings.at(-1)).toMatch(/last picture stays/);
    const other = mixer();
    other.first.end(new RelayError("source-lost", "gone"));
    expect(other.ends).toMatchObject([{ code: "source-lost" }]);
  });

  test("where nothing follows, next() says so", async () => {
    await expect(mixer().mix.next()).rejects.toMatchObject({ code: "conflict" });
  });
});
