import { expect, test } from "vitest";
import type { TracedRequest } from "../model/inspection.ts";
import { RequestLog } from "./origin-trace.ts";

const request = (number: number, state: TracedRequest["state"]): TracedRequest => ({
  number,
  state,
  target: "test/main.m3u8",
  kind: "multivariant",
  stream: "test",
  askedAtMs: 0,
  sizeBytes: 0,
});
const told = (worker: string, cursor: number, ...requests: readonly TracedRequest[]) => {
  return { worker, cursor, requests, startedAtMs: 0, forgotten: 0 };
};

test("a request that has come further takes its own place", () => {
  const log = new RequestLog();
  log.take(told("one", 1, request(0, "waiting"), request(1, "done")));
  log.take(told("one", 2, request(0, "done")));
  expect(log.of("test").map(({ number, state }) => [number, state])).toEqual([
    [0, "done"],
    [1, "done"],
  ]);
  expect(log.of("other")).toEqual([]);
});

test("what a worker had not answered when it ended is broken, and the next one counts anew", () => {
  const log = new RequestLog();
  log.take(told("one", 5, request(0, "done"), request(1, "waiting")));
  log.take(told("two", 1, request(0, "waiting")));
  expect(log.of("test").map(({ state }) => state)).toEqual(["done", "broken", "waiting"]);
  expect(log.last).toEqual({ worker: "two", cursor: 1 });
});
