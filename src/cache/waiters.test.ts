import { getEventListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.test-support.ts";
import { Waiters, type WaitOutcome } from "./waiters.ts";

const deadlineMs = 1_000;

/** What a wait came to; undefined while it is pending. */
function follow(wait: Promise<WaitOutcome>): { outcome: WaitOutcome | undefined } {
  const followed: { outcome: WaitOutcome | undefined } = { outcome: undefined };
  wait.then((outcome) => {
    followed.outcome = outcome;
  });
  return followed;
}

/** Lets promise callbacks run; no time passes. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

test("wake() wakes every waiter of the key and nobody else", async () => {
  const waiters = new Waiters({ clock: new FakeClock() });
  const first = follow(waiters.wait(7, { deadlineMs }));
  const second = follow(waiters.wait(7, { deadlineMs }));
  const below = follow(waiters.wait(6, { deadlineMs }));
  const above = follow(waiters.wait(8, { deadlineMs }));
  expect(waiters.wake(7)).toBe(2);
  await settled();
  expect([first.outcome, second.outcome]).toEqual(["woken", "woken"]);
  expect([below.outcome, above.outcome]).toEqual([undefined, undefined]);
  expect(waiters.wake(7)).toBe(0);
});

test("wakeThrough() wakes the key and all below, and leaves what is above", async () => {
  const waiters = new Waiters({ clock: new FakeClock() });
  const waits = [1, 5, 9, 10].map((key) => follow(waiters.wait(key, { deadlineMs })));
  expect(waiters.wakeThrough(9)).toBe(3);
  await settled();
  expect(waits.map(({ outcome }) => outcome)).toEqual(["woken", "woken", "woken", undefined]);
});

test("a wait ends with its deadline, not before", async () => {
  const clock = new FakeClock();
  const waiters = new Waiters({ clock });
  const wait = follow(waiters.wait(1, { deadlineMs: 100 }));
  clock.advance(99);
  await settled();
  expect(wait.outcome).toBeUndefined();
  clock.advance(1);
  await settled();
  expect(wait.outcome).toBe("deadline");
});

test("a deadline that has passed ends the wait at once", async () => {
  const clock = new FakeClock();
  const waiters = new Waiters({ clock });
  expect(await waiters.wait(1, { deadlineMs: 0 })).toBe("deadline");
  expect(await waiters.wait(1, { deadlineMs: -5 })).toBe("deadline");
  expect(waiters.stats).toMatchObject({ waiting: 0, expired: 2 });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("a wait without an end is refused: %s", async (endless) => {
  const waiters = new Waiters({ clock: new FakeClock() });
  await expect(waiters.wait(1, { deadlineMs: endless })).rejects.toMatchObject({ code: "invalid-option" });
  expect(waiters.waiting).toBe(0);
});

test("a deadline beyond what timers can hold does not fire early", async () => {
  const delays: number[] = [];
  const clock = new FakeClock();
  const waiters = new Waiters({
    clock: {
      now: () => clock.now(),
      wallMs: () => clock.wallMs(),
      after(delayMs, callback) {
        delays.push(delayMs);
        return clock.after(delayMs, callback);
      },
    },
  });
  waiters.wait(1, { deadlineMs: 2 ** 40 });
  expect(delays).toEqual([2 ** 31 - 1]);
});

test("an aborted signal ends the wait of its owner only", async () => {
  const waiters = new Waiters({ clock: new FakeClock() });
  const controller = new AbortController();
  const aborted = follow(waiters.wait(1, { deadlineMs, signal: controller.signal }));
  const other = follow(waiters.wait(1, { deadlineMs }));
  controller.abort();
  await settled();
  expect(aborted.outcome).toBe("aborted");
  expect(other.outcome).toBeUndefined();
  expect(await waiters.wait(1, { deadlineMs, signal: controller.signal })).toBe("aborted");
});

test("the last place is given and the next wait refused, until a place is free again", async () => {
  const waiters = new Waiters({ clock: new FakeClock(), maxWaiters: 2 });
  const first = follow(waiters.wait(1, { deadlineMs }));
  waiters.wait(2, { deadlineMs });
  await expect(waiters.wait(3, { deadlineMs })).rejects.toMatchObject({ code: "waiter-limit" });
  await settled();
  expect(first.outcome).toBeUndefined();
  waiters.wake(1);
  const third = follow(waiters.wait(3, { deadlineMs }));
  waiters.wake(3);
  await settled();
  expect(third.outcome).toBe("woken");
  expect(waiters.stats).toEqual({ waiting: 1, keys: 1, woken: 2, expired: 0, aborted: 0, refused: 1 });
});

test("drain() answers everybody with a deadline and stays open", async () => {
  const waiters = new Waiters({ clock: new FakeClock() });
  const before = follow(waiters.wait(1, { deadlineMs }));
  expect(waiters.drain()).toBe(1);
  const after = follow(waiters.wait(1, { deadlineMs }));
  await settled();
  expect(before.outcome).toBe("deadline");
  expect(after.outcome).toBeUndefined();
});

test("close() answers everybody, now and from then on", async () => {
  const waiters = new Waiters({ clock: new FakeClock() });
  const waits = [1, 2].map((key) => follow(waiters.wait(key, { deadlineMs })));
  waiters.close();
  await settled();
  expect(waits.map(({ outcome }) => outcome)).toEqual(["closed", "closed"]);
  expect(await waiters.wait(1, { deadlineMs })).toBe("closed");
});

test.each<[string, (waiters: Waiters, clock: FakeClock, controller: AbortController) => void]>([
  ["wake()", (waiters) => waiters.wake(1)],
  ["wakeThrough()", (waiters) => waiters.wakeThrough(1)],
  ["drain()", (waiters) => waiters.drain()],
  ["close()", (waiters) => waiters.close()],
  ["the deadline", (_, clock) => clock.advance(deadlineMs)],
  ["an abort", (_, _clock, controller) => controller.abort()],
])("nothing is left of a wait after %s", async (_, end) => {
  const clock = new FakeClock();
  const waiters = new Waiters({ clock });
  const controller = new AbortController();
  const wait = waiters.wait(1, { deadlineMs, signal: controller.signal });
  expect(clock.pending).toBe(1);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
  end(waiters, clock, controller);
  await wait;
  expect(clock.pending).toBe(0);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  expect(waiters.stats).toMatchObject({ waiting: 0, keys: 0 });
});

test("every wait ends once, as a list of waits says it should", async () => {
  const key = fc.nat({ max: 5 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("wait" as const), key, deadlineMs: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ kind: fc.constantFrom("wake" as const, "wakeThrough" as const, "abort" as const), key }),
    fc.record({ kind: fc.constant("advance" as const), byMs: fc.nat({ max: 10 }) }),
    fc.record({ kind: fc.constant("drain" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new FakeClock();
      const waiters = new Waiters({ clock, maxWaiters: 8 });
      const model: {
        key: number;
        endsAtMs: number;
        expected: WaitOutcome | undefined;
        controller: AbortController;
        wait: { outcome: WaitOutcome | undefined };
      }[] = [];
      const pending = () => model.filter(({ expected }) => expected === undefined);
      let refused = 0;
      for (const next of steps) {
        if (next.kind === "wait") {
          const controller = new AbortController();
          const wait = waiters.wait(next.key, { deadlineMs: next.deadlineMs, signal: controller.signal });
          if (pending().length === 8) {
            await expect(wait).rejects.toMatchObject({ code: "waiter-limit" });
            refused += 1;
          } else {
            const endsAtMs = clock.now() + next.deadlineMs;
            model.push({ key: next.key, endsAtMs, expected: undefined, controller, wait: follow(wait) });
          }
        } else if (next.kind === "advance") {
          clock.advance(next.byMs);
          for (const entry of pending()) if (entry.endsAtMs <= clock.now()) entry.expected = "deadline";
        } else if (next.kind === "drain") {
          waiters.drain();
          for (const entry of pending()) entry.expected = "deadline";
        } else if (next.kind === "abort") {
          const entry = pending().find((candidate) => candidate.key === next.key);
          if (entry !== undefined) entry.expected = "aborted";
          entry?.controller.abort();
        } else {
          waiters[next.kind](next.key);
          for (const entry of pending()) {
            if (entry.key === next.key || (next.kind === "wakeThrough" && entry.key < next.key))
              entry.expected = "woken";
          }
        }
        await settled();
        expect(model.map(({ wait }) => wait.outcome)).toEqual(model.map(({ expected }) => expected));
        const count = (outcome: WaitOutcome) => model.filter(({ expected }) => expected === outcome).length;
        expect(waiters.stats).toEqual({
          waiting: pending().length,
          keys: new Set(pending().map((entry) => entry.key)).size,
          woken: count("woken"),
          expired: count("deadline"),
          aborted: count("aborted"),
          refused,
        });
        expect(clock.pending).toBe(pending().length);
      }
    }),
    { numRuns: 100 },
  );
});
