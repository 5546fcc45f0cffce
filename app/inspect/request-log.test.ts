import type { RequestTrace, TracedRequest } from "eddy-hls";
import { expect, test } from "vitest";
import { OWN_MARK, RequestLog, readNow } from "./request-log.ts";

const request = (number: number, more: Partial<TracedRequest> = {}): TracedRequest => ({
  number,
  target: "studio/main/media.m3u8",
  kind: "media",
  stream: "studio",
  rendition: "main",
  askedAtMs: 1_000 + number,
  state: "done",
  sizeBytes: 0,
  ...more,
});
const trace = (worker: string, requests: readonly TracedRequest[], startedAtMs = 0): RequestTrace => ({
  worker,
  startedAtMs,
  cursor: 1,
  requests,
  forgotten: 0,
});

test("a request that changes stays one request", () => {
  const log = new RequestLog();
  expect(log.take(trace("a", [request(0, { state: "waiting" })]))).toBe(true);
  log.take(trace("a", [request(0, { status: 200 })]));
  expect(log.all).toMatchObject([{ number: 0, state: "done", status: 200 }]);
  expect(log.take(trace("a", []))).toBe(false);
});

test("what another worker left open is broken, and the same number of the new one is another request", () => {
  const log = new RequestLog();
  log.take(trace("a", [request(0), request(1, { state: "waiting" })]));
  log.take(trace("b", [request(1)], 2_000));
  expect(log.all).toMatchObject([
    { number: 0, state: "done" },
    { number: 1, state: "broken", brokenByRestart: true, doneAfterMs: 999 },
    { number: 1, state: "done" },
  ]);
  expect(log.starts).toEqual([2_000]);
});

test("what this view asks is not among the others' requests", () => {
  const log = new RequestLog();
  log.take(trace("a", [request(0), request(1, { target: `studio/main/media.m3u8?${OWN_MARK}` })]));
  expect(log.foreign.map(({ number }) => number)).toEqual([0]);
});

test("parts and segments count as read while they are, and for a moment after", () => {
  const log = new RequestLog();
  log.take(
    trace("a", [
      request(0, { kind: "part", media: 7, state: "reading" }),
      request(1, { kind: "part", media: 8, status: 200, doneAfterMs: 10 }),
      request(2, { kind: "segment", media: 3, status: 200, doneAfterMs: 400 }),
      request(3, { kind: "part", media: 9, status: 404, doneAfterMs: 400 }),
    ]),
  );
  const { parts, segments } = readNow(log.all, { stream: "studio", rendition: "main", nowMs: 1_600, withinMs: 300 });
  expect([[...parts], [...segments]]).toEqual([[7], [3]]);
});
