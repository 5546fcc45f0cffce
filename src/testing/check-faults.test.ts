import { expect, test } from "vitest";
import { checkFaults, type FaultWorld, MAX_FAULTS } from "./check-faults.ts";
import type { OriginFault } from "./origin-fault.ts";

const WORLD: FaultWorld = {
  renditions: ["v0", "v1", "a0"],
  videoRenditions: 2,
  partTargetMs: 500,
  targetDurationMs: 2_000,
  hasWorker: true,
};

test("every kind is taken as it is documented", () => {
  const faults: readonly OriginFault[] = [
    { kind: "latency", ms: 200, jitterMs: 300 },
    { kind: "throughput", bitsPerSecond: 500_000, atMs: 1_000, durationMs: 2_000 },
    { kind: "status", status: 503, on: { kind: "media", nth: 3 }, times: 2 },
    { kind: "hang", on: { kind: "part", rendition: "v0", msn: 7, part: 1 } },
    { kind: "reset", afterShare: 0.5 },
    { kind: "corrupt", bytes: 10 },
    { kind: "truncate", share: 0.2 },
    { kind: "stale-playlist", atMs: 0 },
    { kind: "sequence-jump", by: -100 },
    { kind: "wrong-duration", factor: 1.5 },
    { kind: "rendition-lost", rendition: "a0" },
    { kind: "stall", durationMs: 3_000, catchUp: false },
    { kind: "part-lost", count: 4 },
    { kind: "gap", rendition: "v1" },
    { kind: "discontinuity", leapMs: 5_000 },
    { kind: "init-change", video: ["160x90", "320x180"] },
    { kind: "clock-drift", rate: 0.95 },
    { kind: "end", atMs: 10_000 },
    { kind: "restart", on: { kind: "multivariant" } },
    { kind: "worker-killed" },
  ];
  expect(checkFaults(faults, WORLD)).toEqual(faults);
});

test.each<[unknown, string]>([
  [{ kind: "lag", ms: 1 }, "faults[0].kind: expected latency, throughput,"],
  [{ kind: "latency" }, "faults[0] (latency).ms: expected a number from 0 to 60000, got undefined"],
  [{ kind: "latency", ms: "200" }, "faults[0] (latency).ms: expected a number from 0 to 60000, got 200"],
  [{ kind: "latency", ms: 200, jitter: 3 }, "faults[0] (latency): a name in it: expected kind, atMs, on,"],
  [{ kind: "status", status: 200 }, "faults[0] (status).status: expected a number from 400 to 599, got 200"],
  [{ kind: "hang", on: { kind: "video" } }, "faults[0] (hang).on.kind: expected multivariant, media,"],
  [{ kind: "hang", on: { nth: 0 } }, "faults[0] (hang).on.nth: expected a number from 1 to"],
  [{ kind: "rendition-lost", rendition: "v9" }, "faults[0] (rendition-lost).rendition: expected v0, v1, a0, got v9"],
  [{ kind: "part-lost", count: 5 }, "faults[0] (part-lost).count: expected a number from 1 to 4, got 5"],
  [{ kind: "init-change", video: ["160x90"] }, "faults[0] (init-change).video: expected 2 sizes, got 1 sizes"],
  [
    { kind: "discontinuity", leapMs: 1_500 },
    "faults[0] (discontinuity).leapMs: expected whole seconds in ms, got 1500",
  ],
  [{ kind: "stall", atMs: 5 }, "faults[0] (stall).durationMs: expected a number from 1 to"],
  [{ kind: "stall", durationMs: 1, catchUp: "no" }, "faults[0] (stall).catchUp: expected true or false, got no"],
  [{ kind: "gap", atMs: -1 }, "faults[0] (gap).atMs: expected a number from 0 to"],
  ["gap", "faults[0]: expected an object, got gap"],
])("%j is refused, with what was expected", (fault, message) => {
  let thrown: unknown;
  try {
    checkFaults([fault], WORLD);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "invalid-option", message: expect.stringContaining(message) });
});

test("a worker that is not there cannot be killed", () => {
  expect(() => checkFaults([{ kind: "worker-killed" }], { ...WORLD, hasWorker: false })).toThrow(
    /expected host "worker"/,
  );
});

test("a script has an end", () => {
  const gap = { kind: "gap" } as const;
  expect(() => checkFaults(Array(MAX_FAULTS + 1).fill(gap), WORLD)).toThrow(/a list of at most 100, got 101/);
});
