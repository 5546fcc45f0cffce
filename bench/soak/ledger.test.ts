import { expect, test } from "vitest";
import { Ledger } from "./ledger.ts";
import { slopeOf } from "./memory-log.ts";

const RENDITION = "v0";

function ledgerOf(acknowledged: readonly [n: number, msn: number][]): Ledger {
  const ledger = new Ledger();
  for (const [n, msn] of acknowledged) ledger.take("avc", { rendition: RENDITION, n, msn });
  return ledger;
}

test("parts that are read in the segments that were said are found, and wait until then", () => {
  const ledger = ledgerOf([
    [0, 1],
    [1, 1],
    [2, 2],
  ]);
  ledger.see("avc", { rendition: RENDITION, msn: 1, numbers: [0, 1] });
  ledger.settle();
  expect(ledger).toMatchObject({ acknowledged: 3, found: 2, open: 1, faults: [] });
  expect(ledger.readUpTo("avc")).toEqual({ v0: 1 });
});

test("an acknowledged part that is in no segment is lost, and one in another segment is told", () => {
  const ledger = ledgerOf([
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
  ledger.see("avc", { rendition: RENDITION, msn: 1, numbers: [0] });
  ledger.see("avc", { rendition: RENDITION, msn: 2, numbers: [2] });
  ledger.settle();
  expect(ledger.faults).toEqual([
    "avc/v0: part 1, acknowledged in segment 1, is lost",
    "avc/v0: part 2, acknowledged in segment 1, is in segment 2",
  ]);
});

test("a part that comes twice is told", () => {
  const ledger = ledgerOf([[0, 1]]);
  ledger.take("avc", { rendition: RENDITION, n: 0, msn: 1 });
  ledger.see("avc", { rendition: RENDITION, msn: 1, numbers: [0] });
  ledger.see("avc", { rendition: RENDITION, msn: 2, numbers: [0] });
  expect(ledger.faults).toEqual(["avc/v0: part 0 was acknowledged twice", "avc/v0: part 0 is in the segments 1 and 2"]);
});

test("what a reader came too late for is nobody's fault, unless the window was short", () => {
  const ledger = ledgerOf([
    [0, 1],
    [1, 2],
  ]);
  ledger.miss("avc", { rendition: RENDITION, fromMsn: 1, toMsn: 1, awayMs: 60_000 });
  ledger.settle();
  expect(ledger).toMatchObject({ unseen: 1, faults: [] });
  ledger.miss("avc", { rendition: RENDITION, fromMsn: 2, toMsn: 2, awayMs: 2_000 });
  ledger.settle();
  expect(ledger.faults).toEqual(["avc/v0: segments 2 to 2 left the window within 2000 ms"]);
});

test("the slope of memory is that of the line through its samples", () => {
  const samples = Array.from({ length: 10 }, (_, at) => ({
    atMs: at * 30_000,
    stretch: 0,
    heapBytes: 1_000_000 + at * 50_000,
    bufferBytes: 500_000,
  }));
  const slope = slopeOf(samples);
  expect(slope?.bytesPerMinute).toBeCloseTo(100_000, 3);
  expect(slope).toMatchObject({ minutes: 4.5, samples: 10, firstBytes: 1_500_000, lastBytes: 1_950_000 });
  expect(slopeOf(samples.slice(0, 4))).toBeUndefined();
});

test("what a window must hold begins anew with a stream that takes the name of another", () => {
  const ledger = ledgerOf([
    [0, 1],
    [1, 1],
  ]);
  ledger.take("avc-two", { rendition: RENDITION, n: 0, msn: 1 });
  ledger.replaced("avc");
  ledger.take("avc", { rendition: RENDITION, n: 9, msn: 2 });
  expect(ledger.newest("avc", RENDITION)).toEqual([9]);
  expect(ledger.newest("avc-two", RENDITION)).toEqual([0]);
});
