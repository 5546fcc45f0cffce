import type { InspectedRendition } from "eddy-hls";
import { expect, test } from "vitest";
import type { LoggedRequest } from "./request-log.ts";
import { arrivalMs, delaysMs, Series, sourceRates } from "./series.ts";

test("columns hold two minutes, with nothing where nothing is known", () => {
  const series = new Series();
  for (let second = 0; second < 130; second++) series.add(second * 1000, second % 2 ? { latency: second } : {});
  const [times, latency] = series.columns(["latency"]);
  expect([times.length, times[0], latency?.at(-1), latency?.at(-2)]).toEqual([120, 10, 129, null]);
});

test("each peer that was seen has a column", () => {
  const series = new Series();
  series.add(1000, { peers: new Map([["anna", 80]]) });
  series.add(2000, { peers: new Map([["bela", 90]]) });
  expect(series.peers()).toEqual({
    names: ["anna", "bela"],
    columns: [
      [1, 2],
      [80, null],
      [null, 90],
    ],
  });
});

test("the time between parts is that since the part before the first of them", () => {
  const at = (...takenAtMs: number[]) =>
    ({ slots: { takenAtMs: new Float64Array(takenAtMs) } }) as unknown as InspectedRendition;
  expect(arrivalMs(at(0, 900, 1200, 1600), 1000)).toBeCloseTo(350);
  expect(arrivalMs(at(0, 1600), 1000)).toBeUndefined();
});

test("delays of playlists and of media are told apart, and what is older is left out", () => {
  const request = (kind: string, askedAtMs: number, answeredAfterMs?: number) =>
    ({ kind, askedAtMs, answeredAfterMs }) as LoggedRequest;
  const requests = [
    request("media", 0, 100),
    request("media", 900, 200),
    request("part", 1500, 4),
    request("part", 1500),
  ];
  expect(delaysMs(requests, 1000)).toEqual({ playlist: 200, media: 4 });
});

test("rates are of what came since, and never below nothing", () => {
  const before = { page: 1000, peer: 0, origin: 500 };
  expect(sourceRates(before, { page: 2000, peer: 0, origin: 100 }, 1000)).toEqual({ page: 8, peer: 0, origin: 0 });
  expect(sourceRates(undefined, before, 1000)).toEqual({});
});
