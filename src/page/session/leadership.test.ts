import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { FakeLocks } from "./fake-locks.test-support.ts";
import { Leadership } from "./leadership.ts";

let clock: FakeClock;
let locks: FakeLocks;
let log: string[];

beforeEach(() => {
  clock = new FakeClock();
  locks = new FakeLocks();
  log = [];
});

function tab(id: string, lead?: (signal: AbortSignal) => Promise<void>): Leadership {
  const untilClosed = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
  return new Leadership({
    name: "eddy",
    locks,
    clock,
    lead: async (signal) => {
      log.push(`${id} leads`);
      await (lead ?? untilClosed)(signal);
      log.push(`${id} is done`);
    },
    follow: () => log.push(`${id} follows`),
  });
}

const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};

test("the first tab leads, the others follow, and the next one leads when it closes", async () => {
  const [first, second, third] = [tab("1"), tab("2"), tab("3")];
  for (const one of [first, second, third]) await one.start();
  expect(log).toEqual(["1 leads", "2 follows", "3 follows"]);
  await first.close();
  await settle();
  expect(log.slice(3)).toEqual(["1 is done", "2 leads"]);
  await second.close();
  await settle();
  expect(log.at(-1)).toBe("3 leads");
  await third.close();
});

test("a tab that closes while it follows never leads", async () => {
  const [first, second] = [tab("1"), tab("2")];
  await first.start();
  await second.start();
  await second.close();
  await first.close();
  await settle();
  expect(log).not.toContain("2 leads");
});

test("a leader that fails leaves the lock to another tab, and tries again later and later", async () => {
  let fails = 0;
  const first = tab("1", async () => {
    fails += 1;
    throw new Error("the worker is gone");
  });
  await first.start();
  for (const delayMs of [1_000, 2_000, 4_000]) {
    await settle();
    clock.advance(delayMs - 1);
    await settle();
    const before = fails;
    clock.advance(1);
    await settle();
    expect(fails).toBe(before + 1);
  }
  await settle();
  const second = tab("2");
  await second.start();
  expect(log.at(-1)).toBe("2 leads");
  await first.close();
  await second.close();
});

test("where the browser refuses its locks, that is told, and nobody waits for a leader", async () => {
  const refused = new DOMException("storage is blocked", "SecurityError");
  locks.request = () => Promise.reject(refused);
  const first = tab("1");
  await expect(first.start()).rejects.toBe(refused);
  await first.close();
  expect(log).toEqual([]);
});
