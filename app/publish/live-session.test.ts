import type { LivePublication } from "eddy-hls";
import { expect, test } from "vitest";
import type { CaptureTap } from "./capture-tap.ts";
import { LiveSession } from "./live-session.ts";
import { initialChoice } from "./source-choice.ts";

/** A live stream whose capture does `capture`, and a camera that has been granted for it. */
function live(capture: object) {
  const stats = { droppedFrames: 0, lostParts: 0, framesPerSecond: 30, load: 0 };
  const publication = { capture: { stats, ...capture }, publisher: { pending: 0 } } as unknown as LivePublication;
  const session = new LiveSession({
    settings: { source: initialChoice("pattern") } as never,
    publication,
    tap: { partsSent: 0, bytesSent: 0 } as CaptureTap,
    relay: {} as never,
    onChanged: () => undefined,
    onSaid: () => undefined,
    onProblem: () => undefined,
  });
  const stopped: string[] = [];
  const tracks = ["video", "audio"].map((kind) => ({ stop: () => void stopped.push(kind) }));
  return { session, stopped, camera: { getTracks: () => tracks } as unknown as MediaStream };
}

test("a camera that the stream does not take is given back, and one that it takes is left on", async () => {
  const { session, camera, stopped } = live({ setMuted: () => new Promise(() => undefined), muted: false });
  session.toggleMuted();
  expect(await session.switchTo(initialChoice("camera"), camera)).toBe(false);
  expect(stopped).toEqual(["video", "audio"]);
  const taken = live({ switchSource: async () => undefined });
  expect(await taken.session.switchTo(initialChoice("camera"), taken.camera)).toBe(true);
  expect(taken.stopped).toEqual([]);
});
