import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { testVideoTrack } from "./capture.test-support.ts";
import { CaptureDesk } from "./capture-desk.ts";
import { CaptureSession } from "./capture-session.ts";
import { CAPTURE_PROTOCOL, type FromCaptureWorker } from "./messages.ts";

const options = { partTargetMs: 334, targetDurationMs: 2_000, renditions: [{}], audio: true };
const OPEN = { type: "open", protocol: CAPTURE_PROTOCOL, source: { kind: "pattern" }, options };

/** A desk over a source that gives nothing, and says no more when it is stopped. */
function deskOf(refusal?: RelayError) {
  const told: FromCaptureWorker[] = [];
  const post = (message: FromCaptureWorker): void => void told.push(message);
  let opened = 0;
  const desk = new CaptureDesk({
    post,
    async open() {
      opened += 1;
      if (refusal !== undefined) throw refusal;
      const source = { tracks: [testVideoTrack], partTargetMs: 334, targetDurationMs: 2_000 };
      return CaptureSession.open({
        source: { ...source, start: () => ({ ended: Promise.resolve(), stop: () => undefined }) },
        post,
      });
    },
    measure: async () => [],
  });
  return { desk, told, types: () => told.map(({ type }) => type), opened: () => opened };
}

test("a message that nobody can read ends no capture that runs, and is told", async () => {
  const { desk, types, told } = deskOf();
  await desk.take(OPEN);
  await desk.take({ type: "nonsense" });
  await desk.take(undefined);
  expect(types()).toEqual(["ready", "warning", "warning"]);
  expect(told[1]).toMatchObject({ code: "malformed-message" });
  await desk.take({ type: "stop" });
  expect(types().at(-1)).toBe("ended");
});

test("whoever asks has an answer: of what cannot be read, and where nothing was opened", async () => {
  const { desk, told } = deskOf();
  await desk.take({ type: "ask", id: 1, ask: { kind: "explode" } });
  await desk.take({ type: "ask", id: 2, ask: { kind: "next" } });
  expect(told).toMatchObject([
    { type: "answer", id: 1, error: { code: "malformed-message" } },
    { type: "answer", id: 2, error: { code: "closed" } },
  ]);
});

test("a second capture is refused, and the first goes on", async () => {
  const { desk, told, opened } = deskOf();
  await desk.take(OPEN);
  await desk.take(OPEN);
  expect(opened()).toBe(1);
  expect(told[1]).toMatchObject({ type: "warning", code: "conflict" });
});

test.each([
  { what: "cannot be read", message: { ...OPEN, options: { ...options, partTargetMs: -1 } }, code: "invalid-option" },
  { what: "is of another version", message: { ...OPEN, protocol: 1 }, code: "version-mismatch" },
  { what: "cannot be opened", message: OPEN, code: "encoder-failed" },
])("an opening that $what is an error, and the end", async ({ message, code }) => {
  const { desk, told } = deskOf(new RelayError("encoder-failed", "no encoder"));
  await desk.take(message);
  expect(told).toMatchObject([{ type: "error", code }, { type: "ended" }]);
});
