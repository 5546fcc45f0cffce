import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openInput } from "./capture-input.ts";

/** As browsers do: there is nothing to be had of a track that has ended. */
class Processor {
  readonly readable = new ReadableStream();

  constructor({ track }: { readonly track: MediaStreamTrack }) {
    if (track.readyState === "ended") throw new DOMException("Input track cannot be ended", "InvalidStateError");
  }
}

const stopped: string[] = [];
const track = (kind: string, readyState: string) => ({
  kind,
  readyState,
  getSettings: () => ({}),
  stop: () => stopped.push(kind),
});

function streamOf(tracks: Record<string, string>): MediaStream {
  const all = Object.entries(tracks).map(([kind, state]) => track(kind, state));
  return {
    getTracks: () => all,
    getVideoTracks: () => all.filter(({ kind }) => kind === "video"),
    getAudioTracks: () => all.filter(({ kind }) => kind === "audio"),
  } as unknown as MediaStream;
}

beforeEach(() => {
  stopped.length = 0;
  vi.stubGlobal("MediaStreamTrackProcessor", Processor);
});
afterEach(() => vi.unstubAllGlobals());

test("a stream whose camera was unplugged before it was captured is refused by name, and its other tracks are freed", async () => {
  const opening = openInput({ kind: "stream", stream: streamOf({ video: "ended", audio: "live" }) }, { audio: true });
  await expect(opening).rejects.toMatchObject({
    code: "source-missing",
    message: "expected a picture of the camera, got a stream whose video has ended",
  });
  expect(new Set(stopped)).toEqual(new Set(["video", "audio"]));
});

test("one whose microphone was goes on without, and says so", async () => {
  const stream = streamOf({ video: "live", audio: "ended" });
  const input = await openInput({ kind: "stream", stream }, { audio: true });
  expect(input.request).not.toHaveProperty("audio");
  expect(input.warning).toMatchObject({ code: "source-missing", message: "its sound has ended: the stream is silent" });
});

test("nothing is missed in a stream that never had sound, or whose sound nobody wants", async () => {
  for (const [audio, tracks] of [
    [true, { video: "live" }],
    [false, { video: "live", audio: "ended" }],
  ] as const) {
    expect((await openInput({ kind: "stream", stream: streamOf(tracks) }, { audio })).warning).toBeUndefined();
  }
});

test("where the browser refuses to take the sound, what takes the pictures is stopped, and the tracks are freed", async () => {
  vi.stubGlobal("MediaStreamTrackProcessor", undefined);
  vi.stubGlobal("VideoFrame", class {});
  vi.doMock("./track-frames.ts", () => ({
    takePictures: () => ({ port: {}, stop: () => stopped.push("pictures") }),
    takeSound: () => {
      throw new DOMException("too many contexts", "NotSupportedError");
    },
  }));
  const opening = openInput({ kind: "stream", stream: streamOf({ video: "live", audio: "live" }) }, { audio: true });
  await expect(opening).rejects.toThrow("too many contexts");
  vi.doUnmock("./track-frames.ts");
  expect(new Set(stopped)).toEqual(new Set(["pictures", "video", "audio"]));
});
