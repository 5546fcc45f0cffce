import { describe, expect, test } from "vitest";
import { parseInitSegment } from "../media/init-segment.ts";
import { parsePart } from "../media/media-part.ts";
import { RelayError } from "../model/errors.ts";
import { TestClock, testAudioTrack, testVideoTrack } from "./capture.test-support.ts";
import { CaptureSession } from "./capture-session.ts";
import type { FromCaptureWorker } from "./messages.ts";
import type { OpenSource, PacketSink } from "./source.ts";

type Message<Type extends FromCaptureWorker["type"]> = Extract<FromCaptureWorker, { type: Type }>;

/** A session over a source whose packets the test pushes. */
async function open() {
  let sink: PacketSink | undefined;
  let resolve = () => {};
  let reject = (_: unknown) => {};
  let stopped = false;
  const ended = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const source: OpenSource = {
    tracks: [testVideoTrack, testAudioTrack],
    partTargetMs: 334,
    targetDurationMs: 2000,
    start: (given) => {
      sink = given;
      return {
        ended,
        stop: () => {
          stopped = true;
          resolve();
        },
      };
    },
  };
  const clock = new TestClock();
  const messages: FromCaptureWorker[] = [];
  const session = await CaptureSession.open({ source, post: (message) => messages.push(message), clock });
  const of = <Type extends FromCaptureWorker["type"]>(type: Type) =>
    messages.filter((message): message is Message<Type> => message.type === type);
  const push = (first: number, end: number, key = (frame: number) => frame % 60 === 0) => {
    for (let packet = Math.ceil((first * 50) / 30); packet < Math.ceil((end * 50) / 30); packet++) {
      const timestampUs = packet * 20_000 + 5_000_000;
      sink?.packet({ kind: "audio", bytes: new Uint8Array(3), timestampUs, durationUs: 20_000, key: true });
    }
    for (let frame = first; frame < end; frame++) {
      const timestampUs = Math.round((frame * 1e6) / 30) + 5_000_000;
      sink?.packet({ kind: "video", bytes: new Uint8Array([frame]), timestampUs, durationUs: 33_333, key: key(frame) });
    }
  };
  const settle = async () => {
    for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
  };
  return {
    session,
    clock,
    of,
    push,
    settle,
    finish: () => resolve(),
    fail: (error: unknown) => reject(error),
    sink: () => sink,
    stopped: () => stopped,
  };
}

describe("CaptureSession", () => {
  test("says first what a playlist and a player need to know", async () => {
    const { of } = await open();
    const [ready] = of("ready");
    expect(ready).toMatchObject({
      renditions: [
        { id: "main", codecs: "avc1.42c01e,opus", bandwidth: 1_050_000, width: 640, height: 360, frameRate: 30 },
      ],
      partTargetMs: 334,
      targetDurationMs: 2000,
    });
    expect(parseInitSegment(ready?.renditions[0]?.init ?? new Uint8Array()).tracks).toHaveLength(2);
  });

  test("gives parts that fit the init segment, with the wall clock of their first samples", async () => {
    const { session, of, push, settle, clock } = await open();
    clock.advance(1000);
    session.start();
    push(0, 45);
    await settle();
    const init = parseInitSegment(of("ready")[0]?.renditions[0]?.init ?? new Uint8Array());
    const parts = of("part").map((message) => message.part);
    expect(parts).toHaveLength(4);
    for (const [i, part] of parts.entries()) {
      const parsed = parsePart(part.bytes, init);
      expect(parsed.durationMs).toBeCloseTo(part.durationMs, 9);
      expect(parsed.independent).toBe(part.independent);
      expect(parsed.tracks.size).toBe(2);
      expect(part.programDateTimeMs).toBeCloseTo(1_700_000_001_000 + (i * 1000) / 3, 2);
    }
  });

  test("gives no more parts than the page has taken, and four", async () => {
    const { session, of, push, settle } = await open();
    session.start();
    push(0, 75);
    await settle();
    expect(of("part")).toHaveLength(4);
    session.ack();
    expect(of("part")).toHaveLength(5);
  });

  test("lets the oldest segments go when the page takes none, and says so", async () => {
    const { session, of, push, settle } = await open();
    session.start();
    push(0, 900);
    await settle();
    expect(of("part")).toHaveLength(4);
    expect(of("warning")[0]?.message).toMatch(/ms of media were let go/);
    session.ack();
    expect(of("part")[4]?.part).toMatchObject({ independent: true });
    expect(of("part")[4]?.part.missingMs).toBeGreaterThan(600);
  });

  test("sends a new init segment just before the first part that needs it", async () => {
    const { session, of, push, settle, sink } = await open();
    session.start();
    push(0, 15);
    sink()?.reconfigure({ ...testVideoTrack, rotation: 180 });
    push(15, 40, (frame) => frame === 15);
    await settle();
    session.ack();
    session.ack();
    expect(of("init")).toHaveLength(1);
    expect(of("init")[0]?.init).not.toEqual(of("ready")[0]?.renditions[0]?.init);
    expect(of("part").map(({ part }) => part.independent)).toEqual(
      [true, false, true, false].slice(0, of("part").length),
    );
  });

  test("a source that ends gives its last part, and then the end", async () => {
    const { session, of, push, settle, finish } = await open();
    session.start();
    push(0, 13);
    finish();
    await settle();
    expect(of("part").map(({ part }) => Math.round(part.durationMs))).toEqual([333, 100]);
    expect(of("ended")).toHaveLength(1);
    expect(of("error")).toHaveLength(0);
  });

  test("a source that fails gives what was captured before, then the error and the end", async () => {
    const { session, of, push, settle, fail } = await open();
    session.start();
    push(0, 13);
    fail(new RelayError("encoder-failed", "no more"));
    await settle();
    expect(of("part")).toHaveLength(2);
    expect(of("error")).toEqual([{ type: "error", code: "encoder-failed", message: "no more" }]);
    expect(of("ended")).toHaveLength(1);
  });

  test("stop() ends it within a deadline even when nobody takes the last parts", async () => {
    const { session, of, push, settle, clock, stopped } = await open();
    session.start();
    push(0, 75);
    session.stop();
    await settle();
    expect(stopped()).toBe(true);
    expect(of("ended")).toHaveLength(0);
    clock.advance(3000);
    await settle();
    expect(of("ended")).toHaveLength(1);
  });

  test("reports once a second, until the end", async () => {
    const { session, of, push, settle, clock, finish } = await open();
    session.start();
    push(0, 75);
    await settle();
    clock.advance(3500);
    expect(of("stats")).toHaveLength(3);
    expect(of("stats")[0]?.stats).toMatchObject({ parts: 7, waitingParts: 3, lostParts: 0 });
    finish();
    await settle();
    clock.advance(3500);
    expect(of("stats")).toHaveLength(3);
  });
});
