import { expect, test } from "vitest";
import { JumpingClock } from "./file.test-support.ts";
import { type PacedLane, pace } from "./file-pacer.ts";

/** Items at fixed times, which tell when they were given. */
class TimesLane implements PacedLane {
  readonly given: { readonly timeUs: number; readonly atMs: number }[] = [];
  readonly #timesUs: number[];
  readonly #clock: JumpingClock;
  readonly #log: string[] | undefined;
  readonly #name: string;

  constructor(timesUs: readonly number[], clock: JumpingClock, log?: string[], name = "") {
    this.#timesUs = [...timesUs];
    this.#clock = clock;
    this.#log = log;
    this.#name = name;
  }

  async head(limitUs: number): Promise<number | undefined> {
    const timeUs = this.#timesUs[0];
    return timeUs === undefined || timeUs > limitUs ? undefined : timeUs;
  }

  give(): void {
    const timeUs = this.#timesUs.shift() ?? 0;
    this.given.push({ timeUs, atMs: this.#clock.now() });
    this.#log?.push(`${this.#name}${timeUs / 1000}`);
  }

  close(): void {
    this.#timesUs.length = 0;
  }
}

const times = (count: number, stepUs: number): number[] => Array.from({ length: count }, (_, n) => n * stepUs);
const open = async (): Promise<void> => undefined;

test("items come in real time, at most 80 ms early and never late", async () => {
  const clock = new JumpingClock();
  const leading = new TimesLane(times(300, 33_333), clock);
  await pace({ leading, ready: open, clock, signal: new AbortController().signal });
  expect(leading.given).toHaveLength(300);
  for (const { timeUs, atMs } of leading.given) {
    const earlyMs = 60 + timeUs / 1000 - atMs;
    expect(earlyMs).toBeGreaterThanOrEqual(60);
    expect(earlyMs).toBeLessThanOrEqual(80.001);
  }
});

test("it sleeps between items and does not spin", async () => {
  const clock = new JumpingClock();
  await pace({
    leading: new TimesLane(times(300, 33_333), clock),
    ready: open,
    clock,
    signal: new AbortController().signal,
  });
  expect(clock.timers).toBeLessThanOrEqual(300);
});

test("sound is given in the order of time with the picture, and never beyond it", async () => {
  const clock = new JumpingClock();
  const log: string[] = [];
  const leading = new TimesLane([0, 40_000, 80_000], clock, log, "v");
  const following = new TimesLane([0, 20_000, 40_000, 60_000, 80_000, 100_000], clock, log, "a");
  await pace({ leading, following, ready: open, clock, signal: new AbortController().signal });
  expect(log.slice(0, 8)).toEqual(["a0", "v0", "a20", "a40", "v40", "a60", "a80", "v80"]);
});

test("a sink that is full holds everything back; who was late for over a second does not catch up", async () => {
  const clock = new JumpingClock();
  const leading = new TimesLane(times(100, 100_000), clock);
  let held = 0;
  const ready = async (): Promise<void> => {
    if (leading.given.length === 10 && held++ === 0) clock.pass(30_000);
  };
  await pace({ leading, ready, clock, signal: new AbortController().signal });
  const [before, after, next] = [leading.given[9], leading.given[10], leading.given[20]];
  expect((after?.atMs ?? 0) - (before?.atMs ?? 0)).toBeGreaterThanOrEqual(30_000);
  expect((next?.atMs ?? 0) - (after?.atMs ?? 0)).toBeGreaterThanOrEqual(900);
});

test("stopping wakes a sleeper and one who waits for room", async () => {
  for (const ready of [open, () => new Promise<void>(() => undefined)]) {
    const clock = new JumpingClock();
    const abort = new AbortController();
    const leading = new TimesLane([0, 3_600_000_000], clock);
    const stuck = { ...clock, now: () => 0, wallMs: () => 0, after: () => () => undefined };
    const running = pace({ leading, ready, clock: stuck, signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(running).resolves.toBeUndefined();
    expect(leading.given.length).toBeLessThanOrEqual(1);
  }
});
