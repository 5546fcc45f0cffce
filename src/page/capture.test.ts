import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startCapture } from "./capture.ts";
import { measureEncoding } from "./measure-encoding.ts";

/** A capture worker that never answers. */
class SilentWorker {
  static made = 0;
  static ended = 0;
  onmessage = null;
  onerror = null;

  constructor() {
    SilentWorker.made++;
  }
  postMessage() {}
  terminate() {
    SilentWorker.ended++;
  }
}

beforeEach(() => {
  SilentWorker.made = 0;
  SilentWorker.ended = 0;
  vi.stubGlobal("Worker", SilentWorker);
  vi.stubGlobal("VideoEncoder", class {});
});
afterEach(() => vi.unstubAllGlobals());

const given: readonly [string, (signal: AbortSignal) => Promise<unknown>][] = [
  ["startCapture()", (signal) => startCapture({ source: { kind: "pattern" }, signal })],
  ["measureEncoding()", (signal) => measureEncoding({ width: 640, height: 360, frameRate: 30, signal })],
];

test.each(given)("%s hears of an abort while its code is loaded", async (_, open) => {
  const aborter = new AbortController();
  const opening = open(aborter.signal);
  opening.catch(() => undefined);
  for (let turn = 0; turn < 5; turn++) await undefined; // the source is there, and its code is not yet
  aborter.abort(new Error("the view was left"));
  await expect(opening).rejects.toThrow("the view was left");
  expect(SilentWorker.ended).toBe(SilentWorker.made);
});
