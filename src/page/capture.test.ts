import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startCapture } from "./capture.ts";
import { measureEncoding } from "./measure-encoding.ts";

/** A capture worker that never answers. */
class SilentWorker {
  static made = 0;
  static ended = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror = null;

  constructor() {
    SilentWorker.made++;
  }
  postMessage(_message: { readonly type: string }) {}
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

/** Opens at once, and ends when it is told to stop. */
class ObedientWorker extends SilentWorker {
  override postMessage({ type }: { readonly type: string }) {
    const main = { id: "main", bandwidth: 1_000_000, codecs: "avc1.42e01e", init: new Uint8Array(1) };
    const ready = { type: "ready", renditions: [main], partTargetMs: 333, targetDurationMs: 2_000 };
    if (type === "open") queueMicrotask(() => this.onmessage?.({ data: ready }));
    if (type === "stop") queueMicrotask(() => this.onmessage?.({ data: { type: "ended" } }));
  }
}

test("a capture that has ended asks for no camera and no screen, and stops a stream that it is given", async () => {
  vi.stubGlobal("Worker", ObedientWorker);
  vi.stubGlobal("VideoFrame", class {});
  const asked: string[] = [];
  const refuse = (kind: string) => async () => {
    asked.push(kind);
    throw new DOMException("no", "NotAllowedError");
  };
  const mediaDevices = { getUserMedia: refuse("camera"), getDisplayMedia: refuse("screen") };
  vi.stubGlobal("navigator", { mediaDevices });
  const capture = await startCapture({ source: { kind: "pattern" } });
  await capture.stop();
  for (const kind of ["camera", "screen"] as const)
    await expect(capture.switchSource({ kind })).rejects.toMatchObject({ code: "closed" });
  expect(asked).toEqual([]);

  vi.stubGlobal(
    "MediaStreamTrackProcessor",
    class {
      readonly readable = new ReadableStream();
    },
  );
  const track = { readyState: "live", getSettings: () => ({}), stop: () => asked.push("stopped") };
  const stream = { getTracks: () => [track], getVideoTracks: () => [track], getAudioTracks: () => [] };
  const switching = capture.switchSource({ kind: "stream", stream: stream as unknown as MediaStream });
  await expect(switching).rejects.toMatchObject({ code: "closed" });
  expect(asked).toEqual(["stopped"]);
});
