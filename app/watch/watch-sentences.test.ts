import { expect, test } from "vitest";
import { badgeOf, coverOf, statusOf, type Watched, type WatchState } from "./watch-sentences.ts";

const LIVE: Watched = {
  name: "studio",
  state: "playing",
  join: "none",
  hasServer: false,
  everPlayed: true,
  playsFrom: "live",
  isLive: true,
  isAway: false,
  isOnline: true,
  listIsLive: true,
  isNearLive: true,
};

test.each<[string, Partial<Watched>]>([
  ["Playing live.", {}],
  ["Playing from further back.", { isNearLive: false }],
  ["The publisher is away. Playing what is stored.", { isAway: true, isLive: false }],
  ["Offline: playing what is stored.", { isLive: false, isOnline: false, listIsLive: false }],
  ["Playing live.", { isOnline: false }],
  ["Playing the recording.", { isLive: false, listIsLive: false, playsFrom: "start" }],
  ["The stream has ended. This is the rest of it.", { isLive: false, listIsLive: false }],
  ["Waiting for video.", { state: "stalled" }],
])("it is said: %s", (sentence, seen) => {
  expect(statusOf({ ...LIVE, ...seen })).toBe(sentence);
});

test("a stall while the publisher is silent is put down to the publisher", () => {
  expect(statusOf({ ...LIVE, state: "stalled", isAway: true })).toContain("The publisher sends nothing");
});

test("there is never a picture missing without words over it, and none over a picture", () => {
  const states: WatchState[] = ["absent", "opening", "over", "failed", "playing", "stalled", "paused"];
  const covered = states.filter((state) => coverOf({ ...LIVE, state }) !== undefined);
  expect(covered).toEqual(["absent", "opening", "over", "failed"]);
  expect(coverOf({ ...LIVE, state: "absent", everPlayed: false })?.title).toBe("studio is not live yet");
  expect(coverOf({ ...LIVE, state: "absent" })?.title).toBe("studio is gone");
});

test("who is asked to connect to others is told what they see before anything is connected, and then that they are looked for", () => {
  const asked = { ...LIVE, state: "absent", join: "asked", everPlayed: false } as const;
  expect(coverOf(asked)?.text).toContain("they see its network address");
  expect(statusOf(asked)).toContain("Nothing is connected yet");
  expect(coverOf({ ...asked, join: "joined" })?.title).toBe("Looking for studio");
});

test("of a stream that a server has, nobody who has it is looked for", () => {
  const joined = { ...LIVE, state: "absent", join: "joined", hasServer: true, everPlayed: false } as const;
  expect(coverOf(joined)).toMatchObject({ title: "Waiting for studio", text: expect.stringContaining("its server") });
});

test("a link that cannot be followed is not waited for", () => {
  const failed = { ...LIVE, state: "absent", join: "failed", everPlayed: false } as const;
  for (const sentence of [coverOf(failed)?.title, coverOf(failed)?.text, statusOf(failed)])
    expect(sentence).not.toMatch(/by itself|every second|live yet/);
  expect(badgeOf(failed).text).toBe("Not connected");
});

test.each<[string, boolean, Partial<Watched>]>([
  ["Live", true, {}],
  ["Live", true, { state: "paused", isNearLive: false }],
  ["Publisher away", false, { isAway: true }],
  ["Ended", false, { listIsLive: false }],
  ["Ended", false, { state: "over", isAway: true }],
  ["Not live", false, { state: "absent" }],
  ["Not connected", false, { state: "absent", join: "joined" }],
])("the badge says: %s", (text, isLive, seen) => {
  expect(badgeOf({ ...LIVE, ...seen })).toEqual({ text, isLive });
});
