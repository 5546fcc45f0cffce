import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import { settled, TestOutlet, TestSession } from "./moq.test-support.ts";
import { TrackReader } from "./track-reader.ts";

const OBJECT: Bytes = new Uint8Array(9);

/** A track that is read, and what was heard of it. */
async function reading() {
  const outlet = new TestOutlet();
  const clock = new FakeClock();
  const heard: string[] = [];
  const reader = new TrackReader({
    broadcast: await new TestSession(new Map([["live", outlet]])).watch("live"),
    track: "main",
    priority: 1,
    clock,
    random: () => 0,
    from: () => undefined,
    canFetch: false,
    listener: {
      object: (group, index) => heard.push(`${group}.${index}`),
      groupEnded: (group) => heard.push(`${group} ended`),
      groupLost: (group) => heard.push(`${group} lost`),
      refused: ({ code }) => heard.push(code),
    },
  });
  const aborter = new AbortController();
  const run = reader.run(aborter.signal);
  await settled();
  return { track: outlet.track("main"), heard, run, aborter };
}

test("a group that is given up for newer ones is lost, not whole", async () => {
  const { track, heard, run, aborter } = await reading();
  const first = track.openGroup(0);
  first.write(OBJECT);
  for (let group = 1; group <= 5; group += 1) track.openGroup(group).close();
  await settled();
  expect(heard.filter((one) => /^0\b/.test(one))).toEqual(["0.0"]);
  const open = Array.from({ length: 6 }, (_, n) => track.openGroup(6 + n));
  await settled();
  expect(heard.filter((one) => /^0\b/.test(one))).toEqual(["0.0", "0 lost"]);
  for (const group of open) group.close();
  await settled();
  expect(heard.slice(-6)).toEqual([6, 7, 8, 9, 10, 11].map((group) => `${group} ended`));
  aborter.abort();
  await run;
});

test("a group that is under way when its subscription is dropped has not ended", async () => {
  const { track, heard, run, aborter } = await reading();
  track.openGroup(0).write(OBJECT);
  await settled();
  track.close();
  await settled();
  expect(heard).toEqual(["0.0"]);
  aborter.abort();
  await run;
});
