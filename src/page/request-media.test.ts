import { afterEach, expect, test, vi } from "vitest";
import { requestMedia } from "./request-media.ts";

const stream = {} as MediaStream;

/** A browser that answers as it is told, and what it was asked. */
function browser(answer: (constraints: MediaStreamConstraints) => MediaStream) {
  const asked: MediaStreamConstraints[] = [];
  const ask = async (constraints: MediaStreamConstraints) => {
    asked.push(constraints);
    return answer(constraints);
  };
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: ask, getDisplayMedia: ask } });
  return asked;
}

const refuse = (name: string) => {
  throw new DOMException("said by the test", name);
};

afterEach(() => vi.unstubAllGlobals());

test("a machine without a microphone still has a camera", async () => {
  const asked = browser(({ audio }) => (audio === undefined ? stream : refuse("NotFoundError")));
  expect(await requestMedia({ kind: "camera" })).toBe(stream);
  expect(asked).toHaveLength(2);
});

test("the chosen camera and microphone are asked for, and no others", async () => {
  const asked = browser(() => stream);
  await requestMedia({ kind: "camera", deviceId: "desk", microphoneId: "clip" });
  expect(asked[0]).toMatchObject({ video: { deviceId: { exact: "desk" } }, audio: { deviceId: { exact: "clip" } } });
});

test("a screen is asked for its sound unless that is left out", async () => {
  const asked = browser(() => stream);
  await requestMedia({ kind: "screen" });
  await requestMedia({ kind: "screen" }, { audio: false });
  await requestMedia({ kind: "screen", withSound: false });
  expect(asked.map(({ audio }) => audio)).toEqual([true, false, false]);
});

test("a refusal and an absence are told apart, and so is a browser that has none of it", async () => {
  browser(() => refuse("NotAllowedError"));
  await expect(requestMedia({ kind: "camera" })).rejects.toMatchObject({ code: "source-denied" });
  browser(() => refuse("NotReadableError"));
  await expect(requestMedia({ kind: "screen" })).rejects.toMatchObject({ code: "source-missing" });
  vi.stubGlobal("navigator", {});
  await expect(requestMedia({ kind: "camera" })).rejects.toMatchObject({ code: "unsupported-browser" });
});

test("a browser with a camera that shares no screen, as those of phones, says so", async () => {
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia: async () => stream } });
  await expect(requestMedia({ kind: "screen" })).rejects.toMatchObject({
    code: "unsupported-browser",
    message: "expected a browser that gives a screen, got one that has none",
  });
  expect(await requestMedia({ kind: "camera" })).toBe(stream);
});
