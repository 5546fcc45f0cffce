import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { bufferAheadMs, watchBuffer } from "./buffer-watch.ts";
import { NO_STATS, type SessionStats } from "./session-stats.ts";
import { type Channel, TabChannel } from "./tab-channel.ts";

/** Tabs that hear each other, and nothing of themselves. */
class Tabs {
  readonly clock = new FakeClock();
  readonly heard: string[] = [];
  readonly stats: SessionStats[] = [];
  readonly #channels = new Set<Channel>();

  /** What somebody else says on the same channel. */
  say(data: unknown): void {
    for (const channel of this.#channels) channel.onmessage?.({ data } as never);
  }

  open(tab: string): TabChannel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (data: unknown) => {
        const sent = structuredClone(data);
        for (const other of this.#channels) if (other !== channel) other.onmessage?.({ data: sent } as never);
      },
      close: () => this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    return new TabChannel({
      channel,
      clock: this.clock,
      tab,
      stats: (stats) => this.stats.push(stats),
      hello: () => this.heard.push(`${tab} hears a new tab`),
      buffer: () => this.heard.push(`${tab} hears of a player`),
      consent: (given) => this.heard.push(`${tab} hears ${given ? "yes" : "no"}`),
    });
  }
}

test("the least that any player has counts, for as long as its tab says so", () => {
  const tabs = new Tabs();
  const [leader, other] = [tabs.open("1"), tabs.open("2")];
  expect(leader.bufferAheadMs).toBeUndefined();
  leader.tellBuffer(2_000);
  other.tellBuffer(700);
  expect(leader.bufferAheadMs).toBe(700);
  tabs.clock.advance(4_000);
  leader.tellBuffer(1_500);
  tabs.clock.advance(1_001);
  expect(leader.bufferAheadMs).toBe(1_500);
  leader.forgetBuffer();
  expect(leader.bufferAheadMs).toBeUndefined();
});

test("figures and answers reach the other tabs, and a tab that has closed says nothing", () => {
  const tabs = new Tabs();
  const [leader, other] = [tabs.open("1"), tabs.open("2")];
  expect(tabs.heard).toEqual(["1 hears a new tab"]);
  leader.tellStats({ ...NO_STATS, uploadedBytes: 7 });
  expect(tabs.stats.map(({ uploadedBytes }) => uploadedBytes)).toEqual([7]);
  other.tellConsent(false);
  expect(tabs.heard.at(-1)).toBe("1 hears no");
  other.close();
  other.tellConsent(true);
  leader.tellStats(NO_STATS);
  expect(tabs.heard.at(-1)).toBe("1 hears no");
  expect(tabs.stats).toHaveLength(1);
});

test("what is no message of ours is not heard", () => {
  const tabs = new Tabs();
  tabs.open("1");
  for (const data of [undefined, null, 7, { version: 99, kind: "hello" }, { kind: "stats" }]) tabs.say(data);
  expect(tabs.heard).toEqual([]);
  expect(tabs.stats).toEqual([]);
});

test("a buffer that is no number of milliseconds, and figures that are none, are not heard", () => {
  const tabs = new Tabs();
  const leader = tabs.open("1");
  for (const aheadMs of [Number.NaN, -1, Number.POSITIVE_INFINITY, "700", [700], null])
    tabs.say({ version: 1, kind: "buffer", tab: "2", aheadMs });
  for (const tab of [2, "t".repeat(65), undefined]) tabs.say({ version: 1, kind: "buffer", tab, aheadMs: 700 });
  for (const stats of [undefined, null, "all"]) tabs.say({ version: 1, kind: "stats", stats });
  expect(leader.bufferAheadMs).toBeUndefined();
  expect([tabs.heard, tabs.stats]).toEqual([[], []]);
});

const video = (ranges: readonly (readonly [number, number])[], currentTime: number, more: object = {}) => ({
  buffered: {
    length: ranges.length,
    start: (n: number) => ranges[n]?.[0] ?? 0,
    end: (n: number) => ranges[n]?.[1] ?? 0,
  },
  currentTime,
  paused: false,
  ended: false,
  readyState: 4,
  ...more,
});

test("a player has what is buffered from its position on, over a hole that it steps over", () => {
  expect(bufferAheadMs(video([[0, 4]], 3))).toBe(1_000);
  expect(
    bufferAheadMs(
      video(
        [
          [0, 4],
          [10, 12],
        ],
        11,
      ),
    ),
  ).toBe(1_000);
  expect(
    bufferAheadMs(
      video(
        [
          [0, 4],
          [4.2, 6],
        ],
        4,
      ),
    ),
  ).toBe(2_000);
  expect(
    bufferAheadMs(
      video(
        [
          [0, 4],
          [5, 6],
        ],
        4.5,
      ),
    ),
  ).toBe(0);
  expect(bufferAheadMs(video([], 0))).toBe(0);
});

test("a player is looked at again and again until nobody wants to know; one that is paused tells nothing", () => {
  const clock = new FakeClock();
  const told: (number | undefined)[] = [];
  const stop = watchBuffer(video([[0, 4]], 3), clock, (aheadMs) => told.push(aheadMs));
  clock.advance(500);
  stop();
  clock.advance(5_000);
  expect(told).toEqual([1_000, 1_000, 1_000]);
  watchBuffer(video([[0, 4]], 3, { paused: true }), clock, (aheadMs) => told.push(aheadMs))();
  expect(told.at(-1)).toBeUndefined();
});
