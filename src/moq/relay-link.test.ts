import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { TestOutlet, TestSession } from "./moq.test-support.ts";
import type { MoqConnect } from "./moq-session.ts";
import { RelayLink } from "./relay-link.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

interface Attempt {
  readonly relay: string;
  readonly atMs: number;
}

function linked(answers: Record<string, (attempt: number) => TestSession | RelayError | "never">) {
  const attempts: Attempt[] = [];
  const troubles: (string | undefined)[] = [];
  const sessions: TestSession[] = [];
  const startedAtMs = performance.now();
  const relays = Object.entries(answers).map(
    ([relay, answer]): MoqConnect =>
      async (signal) => {
        attempts.push({ relay, atMs: performance.now() - startedAtMs });
        const got = answer(attempts.filter((one) => one.relay === relay).length);
        if (got instanceof RelayError) throw got;
        if (got !== "never") return got;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
  );
  const aborter = new AbortController();
  const link = new RelayLink({
    relays,
    clock: systemClock,
    random: () => 0,
    trouble: (error) => troubles.push(error?.code),
  });
  const run = link.run(aborter.signal, (session) => {
    sessions.push(session as TestSession);
    return new Promise(() => undefined);
  });
  return { link, attempts, troubles, sessions, close: () => aborter.abort(), run };
}

const session = (): TestSession => new TestSession(new Map([["a", new TestOutlet()]]));
const refusal = () => new RelayError("relay-unreachable", "it is not there");

test("a session that ends is opened again soon, and each failure in a row waits longer", async () => {
  const { link, attempts, sessions, close } = linked({ one: (attempt) => (attempt === 1 ? session() : refusal()) });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(link.stats).toMatchObject({ state: "open", transport: "websocket", version: "moq-lite-05", sessions: 1 });
  sessions[0]?.close();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(attempts.map(({ atMs }) => Math.round(atMs))).toEqual([
    0, 10_125, 10_250, 10_375, 10_625, 10_875, 11_375, 11_875,
  ]);
  expect(link.stats).toMatchObject({ state: "waiting", lastError: "relay-unreachable: it is not there" });
  close();
});

test("the second relay is asked at once where the first does not answer, and the first again when that fails too", async () => {
  const { attempts, close } = linked({ one: refusal, two: refusal });
  await vi.advanceTimersByTimeAsync(200);
  expect(attempts.map(({ relay }) => relay)).toEqual(["one", "two", "one", "two"]);
  close();
});

test("a relay that never answers is given up", async () => {
  const { attempts, troubles, close } = linked({ one: () => "never", two: session });
  await vi.advanceTimersByTimeAsync(6_000);
  expect(attempts.map(({ relay }) => relay)).toEqual(["one", "two"]);
  expect(troubles).toEqual(["relay-unreachable", undefined]);
  close();
});

test("the relay that served well is asked first when it has gone", async () => {
  const { attempts, sessions, close } = linked({ one: session, two: session });
  await vi.advanceTimersByTimeAsync(20_000);
  sessions[0]?.close();
  await vi.advanceTimersByTimeAsync(500);
  expect(attempts.map(({ relay }) => relay)).toEqual(["one", "one"]);
  close();
});

test("aborting closes the session, and ends it", async () => {
  const { sessions, close, run } = linked({ one: session });
  await vi.advanceTimersByTimeAsync(100);
  close();
  await run;
  expect(sessions[0]?.isClosed).toBe(true);
});
