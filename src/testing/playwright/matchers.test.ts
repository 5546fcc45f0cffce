import { expect, test } from "vitest";
import type { TracedRequest } from "../../model/inspection.ts";
import type { PlaybackSample } from "../playback-report.ts";
import type { LiveOrigin } from "./live-origin.ts";
import { originMatchers } from "./matchers.ts";
import type { Playback, PlaybackProbe } from "./playback-probe.ts";

const probeOf = (playback: () => Partial<Playback>): PlaybackProbe =>
  ({
    playback: async () => ({ samples: [], shown: [], stalls: [], latencies: [], errors: [], ...playback() }),
  }) as never;

test("a stall that is longer than what is allowed is one, and an earlier one is not", async () => {
  const probe = probeOf(() => ({ stalls: [{ atMs: 1_000, durationMs: 800, aheadMs: 0 }] }));
  expect(await originMatchers.toHaveNoStall(probe)).toMatchObject({ pass: false });
  expect((await originMatchers.toHaveNoStall(probe)).message()).toMatch(/expected no stall over 500 ms, got 800 ms at/);
  expect(await originMatchers.toHaveNoStall(probe, { longerThanMs: 900 })).toMatchObject({ pass: true });
  expect(await originMatchers.toHaveNoStall(probe, { fromMs: 2_000 })).toMatchObject({ pass: true });
});

test("latency is held for the share that is asked for, and nothing shown is no latency", async () => {
  const latencies = [100, 200, 300, 4_000].map((latencyMs, index) => ({ atMs: index, latencyMs }));
  const probe = probeOf(() => ({ latencies }));
  expect(await originMatchers.toKeepLatencyBelow(probe, 500)).toMatchObject({ pass: false });
  expect(await originMatchers.toKeepLatencyBelow(probe, 500, { share: 0.5 })).toMatchObject({ pass: true });
  const blind = await originMatchers.toKeepLatencyBelow(
    probeOf(() => ({})),
    500,
  );
  expect([blind.pass, blind.message()]).toEqual([false, expect.stringContaining("no picture that could be read")]);
});

test("who plays on is waited for, and who stands still is given up", async () => {
  const startedMs = Date.now();
  const sampleAt = (atMs: number, positionS: number): PlaybackSample => {
    return { atMs, positionS, aheadMs: 0, paused: false, ended: false, width: 1 };
  };
  const moving = probeOf(() => ({
    samples: Array.from({ length: 30 }, (_, at) => sampleAt(startedMs + at * 50, at * 0.05)),
  }));
  expect(await originMatchers.toPlayOn(moving)).toMatchObject({ pass: true });
  const still = probeOf(() => ({ samples: [sampleAt(startedMs, 3), sampleAt(startedMs + 400, 3)] }));
  const given = await originMatchers.toPlayOn(still, { withinMs: 300 });
  expect([given.pass, given.message()]).toEqual([false, "expected 1000 ms to be played within 300 ms, got 0 ms"]);
});

test("requests are counted by what they are for", async () => {
  const requests = ["part", "part", "media"].map((kind) => ({ kind, rendition: "v0" }) as TracedRequest);
  const origin = { trace: async () => ({ requests }) } as unknown as LiveOrigin;
  expect(await originMatchers.toHaveRequested(origin, { kind: "part" })).toMatchObject({ pass: true });
  expect(await originMatchers.toHaveRequested(origin, { kind: "part" }, { times: 2 })).toMatchObject({ pass: true });
  expect(await originMatchers.toHaveRequested(origin, { kind: "init" })).toMatchObject({ pass: false });
  expect(await originMatchers.toHaveRequested(origin, { kind: "media" }, { times: 2 })).toMatchObject({ pass: false });
});
