import { expect, test } from "vitest";
import type { AskedRequest } from "./asked-request.ts";
import { FaultScript } from "./fault-script.ts";

const PART: AskedRequest = { stream: "test", kind: "part", rendition: "v0", msn: 3, part: 1, page: "/one" };
const kinds = (script: FaultScript, asked: AskedRequest, nowMs = 0): readonly string[] =>
  script.befalls(asked, nowMs).answer.map(({ fault }) => fault.kind);

test("a fault lasts from its time for its duration", () => {
  const script = new FaultScript([{ kind: "hang", atMs: 100, durationMs: 50 }]);
  expect([99, 100, 149, 150].map((nowMs) => kinds(script, PART, nowMs))).toEqual([[], ["hang"], ["hang"], []]);
});

test("the nth that matches is the one, and others are left alone", () => {
  const script = new FaultScript([{ kind: "reset", on: { kind: "part", nth: 2 } }]);
  expect(kinds(script, PART)).toEqual([]);
  expect(kinds(script, { ...PART, kind: "media" })).toEqual([]);
  expect(kinds(script, PART)).toEqual(["reset"]);
  expect(kinds(script, PART)).toEqual([]);
});

test("each page counts for itself", () => {
  const script = new FaultScript([{ kind: "reset", on: { kind: "part", nth: 2 }, times: 2 }]);
  const other = { ...PART, page: "/two" };
  const met = [PART, other, PART, other, PART, other, PART, other].map((asked) => kinds(script, asked).length);
  expect(met).toEqual([0, 0, 1, 1, 1, 1, 0, 0]);
});

test("a place is matched by all that is said of it", () => {
  const on = { rendition: "v0", msn: 3, part: 1 };
  const script = new FaultScript([{ kind: "status", status: 404, on }]);
  expect(kinds(script, PART)).toEqual(["status"]);
  for (const other of [{ msn: 4 }, { part: 0 }, { rendition: "v1" }])
    expect(kinds(script, { ...PART, ...other })).toEqual([]);
});

test("what spoils media and what spoils playlists leaves the others alone, unless it is told", () => {
  const script = new FaultScript([{ kind: "corrupt" }, { kind: "stale-playlist" }, { kind: "latency", ms: 1 }]);
  expect(kinds(script, PART)).toEqual(["corrupt", "latency"]);
  expect(kinds(script, { ...PART, kind: "media" })).toEqual(["stale-playlist", "latency"]);
  expect(kinds(script, { ...PART, kind: "init" })).toEqual(["latency"]);
  expect(kinds(new FaultScript([{ kind: "corrupt", on: { kind: "init" } }]), { ...PART, kind: "init" })).toEqual([
    "corrupt",
  ]);
});

test("a rendition that is lost is lost in every kind of request, and no other is", () => {
  const script = new FaultScript([{ kind: "rendition-lost", rendition: "v0" }]);
  expect(kinds(script, { ...PART, kind: "media" })).toEqual(["rendition-lost"]);
  expect(kinds(script, { ...PART, rendition: "v1" })).toEqual([]);
});

test("a fault of the producer happens once, with its request", () => {
  const script = new FaultScript([{ kind: "gap", on: { kind: "part", nth: 2 } }]);
  const provoked = [PART, { ...PART, page: "/two" }, PART, PART].map(
    (asked) => script.befalls(asked, 0).producer.length,
  );
  expect(provoked).toEqual([0, 1, 0, 0]);
  expect(script.timed).toEqual([]);
});

test("another host goes on with what was counted", () => {
  const faults = [
    { kind: "reset", on: { kind: "part", nth: 3 } },
    { kind: "gap", on: { kind: "part" } },
  ] as const;
  const first = new FaultScript(faults);
  first.befalls(PART, 0);
  first.befalls(PART, 0);
  const second = new FaultScript(faults, first.counts);
  expect(second.befalls(PART, 0)).toMatchObject({ answer: [{ fault: { kind: "reset" } }], producer: [] });
});

test("what is added without a time is from then on", () => {
  const script = new FaultScript([{ kind: "hang", atMs: 5 }]);
  expect(script.add([{ kind: "gap" }, { kind: "end", atMs: 900 }], 300)).toEqual([
    { index: 1, fault: { kind: "gap", atMs: 300 } },
    { index: 2, fault: { kind: "end", atMs: 900 } },
  ]);
});
