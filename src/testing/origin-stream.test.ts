import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { FaultScript } from "./fault-script.ts";
import type { ProducerSink } from "./media-producer.ts";
import { type OriginOptions, planOrigin } from "./origin-options.ts";
import { OriginStream } from "./origin-stream.ts";

/** A stream whose media is only noted. */
async function streamWith(options: OriginOptions, sink: Partial<ProducerSink> = {}) {
  const clock = new FakeClock();
  const noted: string[] = [];
  const note = (what: string) => async (): Promise<void> => void noted.push(what);
  const { plan, media } = await planOrigin(
    { media: { video: ["160x90"], audio: "none" }, historyMs: 0, ...options },
    { hasWorker: true },
  );
  const stream = new OriginStream({
    plan,
    media,
    clock,
    sink: {
      init: note("init"),
      part: note("part"),
      gap: note("gap"),
      discontinuity: note("discontinuity"),
      end: note("end"),
      restart: note("restart"),
      ...sink,
    },
    killWorker: note("kill"),
    changed: () => undefined,
  });
  await stream.start();
  return { stream, clock, noted };
}

test("faults and parts come in the order of their times, whoever wakes the producer", async () => {
  const { stream, noted } = await streamWith({
    clock: "manual",
    faults: [
      { kind: "worker-killed", atMs: 700 },
      { kind: "gap", atMs: 1_000 },
      { kind: "end", atMs: 2_200 },
      { kind: "restart", atMs: 2_300 },
    ],
  });
  await stream.advance(3_000);
  expect(noted.join(" ")).toBe("init part kill part gap part end restart init discontinuity part");
  expect(stream.events.map(({ kind, atMs }) => `${kind} ${atMs}`)).toEqual([
    "worker-killed 700",
    "gap 1000",
    "end 2200",
    "restart 2300",
  ]);
});

test("a part is dated by when it was made, however late it comes", async () => {
  const dates: number[] = [];
  const { stream } = await streamWith(
    { clock: "manual", faults: [{ kind: "stall", atMs: 400, durationMs: 1_000 }] },
    { part: async (_, { programDateTimeMs }) => void dates.push(programDateTimeMs) },
  );
  await stream.advance(1_500);
  expect(dates.map((date) => date - stream.startedAtMs)).toEqual([0, 500, 1_000]);
});

test("what its sink does not take ends it, and it says why", async () => {
  let parts = 0;
  const { stream, clock } = await streamWith(
    {},
    {
      part: async () => {
        parts += 1;
        throw new Error("the disk is full");
      },
    },
  );
  clock.advance(500);
  await expect.poll(() => stream.failure).toBe("internal: the disk is full");
  clock.advance(5_000);
  expect(parts).toBe(1);
  await expect(stream.advance(10)).rejects.toThrow("the disk is full");
});

test("what fails while somebody waits for it is thrown, then and later, and kept", async () => {
  const sink = { end: () => Promise.reject(new Error("the worker is gone")) };
  const { stream } = await streamWith({ clock: "manual" }, sink);
  await expect(stream.addFaults([{ kind: "end" }])).rejects.toThrow("the worker is gone");
  expect(stream.failure).toBe("internal: the worker is gone");
  await expect(stream.advance(10)).rejects.toThrow("the worker is gone");
});

test("its state is all that another host needs to answer as it would", async () => {
  const { stream, clock } = await streamWith({ faults: [{ kind: "hang", atMs: 100 }], seed: 9, deltaUpdates: false });
  clock.advance(250);
  expect(stream.state).toMatchObject({
    name: "test",
    seed: 9,
    faults: [{ kind: "hang", atMs: 100 }],
    features: { deltaUpdates: false },
    clock: { atMs: 250, speed: 1 },
  });
  expect(structuredClone(stream.state)).toEqual(stream.state);
});

test("what a request brings about comes once, also where a worker that started anew asks for it again", async () => {
  const { stream, noted } = await streamWith({
    clock: "manual",
    faults: [{ kind: "worker-killed", on: { kind: "part" } }],
  });
  stream.provoke(0);
  await stream.advance(0);
  const again = new FaultScript(stream.state.faults, stream.state.counts);
  const asked = { stream: "test", kind: "part", rendition: "v0", page: "/one" } as const;
  expect(again.befalls(asked, 0).producer).toEqual([]);
  stream.provoke(0);
  await stream.advance(0);
  expect(noted.filter((what) => what === "kill")).toHaveLength(1);
});
