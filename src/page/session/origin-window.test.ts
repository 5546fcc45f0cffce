import { expect, test } from "vitest";
import type { FollowEvent, FollowedPart } from "../../follow/follow-events.ts";
import { originWindow } from "./origin-window.ts";

const TARGET_MS = 1_000;

/** Part `n` of four to the segment, 250 ms each. */
function listed(n: number, changes: Partial<FollowedPart> = {}): FollowEvent {
  const key = { rendition: 0, msn: 10 + Math.floor(n / 4), part: n % 4 };
  const part: FollowedPart = {
    hinted: false,
    key,
    ref: { url: `https://origin.example/${n}.mp4` },
    init: undefined,
    durationMs: 250,
    independent: key.part === 0,
    gap: false,
    discontinuity: false,
    torn: false,
    dated: true,
    programDateTimeMs: n * 250,
    opensSegment: key.part === 0,
    ...changes,
  };
  return { kind: "part", part };
}

const init = (name: string): FollowEvent => ({
  kind: "init",
  init: { url: `https://origin.example/${name}` },
  hinted: false,
});
const range = (count: number): FollowEvent[] => Array.from({ length: count }, (_, n) => listed(n));
const first = (events: readonly FollowEvent[]) => events.find((event) => event.kind === "part")?.part.key;
const at = (n: number) => ({ msn: 10 + Math.floor(n / 4), part: n % 4 });

test("a viewer starts three target durations before the end, with the segment there", () => {
  const { events, isJoined } = originWindow(range(40), TARGET_MS);
  expect(isJoined).toBe(false);
  expect(first(events)).toMatchObject(at(28));
  expect(first(originWindow(range(38), TARGET_MS).events)).toMatchObject(at(24));
  expect(first(originWindow(range(6), TARGET_MS).events)).toMatchObject(at(0));
});

test("a viewer that shares what it takes starts closer to the end", () => {
  expect(first(originWindow(range(38), TARGET_MS, { targets: 1 }).events)).toMatchObject(at(32));
});

test("what opens the first part comes with it, and nothing of what was before", () => {
  const events = [init("a"), ...range(20), init("b"), ...Array.from({ length: 20 }, (_, n) => listed(n + 20))];
  const window = originWindow(events, TARGET_MS).events;
  expect(window.filter(({ kind }) => kind === "init")).toEqual([init("b")]);
  expect(window[0]).toEqual(init("b"));
});

test("a page that takes over goes on with the part behind the mark, however far back it is within a minute", () => {
  const resumed = originWindow(range(100), TARGET_MS, { last: at(50) });
  expect(resumed.isJoined).toBe(true);
  expect(first(resumed.events)).toMatchObject(at(51));
  const nothingNew = originWindow(range(100), TARGET_MS, { last: at(99) });
  expect(nothingNew).toEqual({ events: [], isJoined: true });
});

test("a mark that the origin does not list, or from before it began anew, starts afresh", () => {
  const later = Array.from({ length: 40 }, (_, n) => listed(n + 400));
  expect(originWindow(later, TARGET_MS, { last: at(50) }).isJoined).toBe(false);
  expect(originWindow(range(40), TARGET_MS, { last: at(400) }).isJoined).toBe(false);
  expect(originWindow(range(400), TARGET_MS, { last: at(50) }).isJoined).toBe(false);
});

test("hints come after the last part, whether or not anything is new", () => {
  const hint: FollowEvent = {
    kind: "part",
    part: {
      hinted: true,
      key: { rendition: 0, ...at(40) },
      ref: { url: "https://origin.example/40.mp4" },
      init: undefined,
    },
  };
  expect(originWindow([...range(40), hint], TARGET_MS, { last: at(39) }).events).toEqual([hint]);
});
