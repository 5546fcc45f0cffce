import { expect, test } from "vitest";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { followScenario } from "./follow.test-support.ts";

const AUDIO: RenditionOptions = { id: "en", kind: "audio", bandwidth: 64_000, language: "en" };

test("an old stream is reloaded by deltas that block, one request for each part", async () => {
  const run = await followScenario({ ageMs: 30_000, forMs: 20_000 });
  const playlists = run.requests.filter((path) => path.includes("/main/media.m3u8"));
  expect(playlists[0]).not.toContain("?");
  expect(playlists.slice(1).every((path) => /\?_HLS_msn=\d+&_HLS_part=\d&_HLS_skip=YES$/.test(path))).toBe(true);
  const parts = run.followed.get("main")?.parts.length ?? 0;
  expect(playlists.length).toBeLessThan(parts + 2);
});

test("only those renditions are asked for that are chosen; they are called as everybody calls them", async () => {
  const run = await followScenario({
    renditions: ["high", "low", AUDIO],
    follow: { renditions: ["low"] },
    forMs: 5_000,
  });
  expect(run.requests.filter((path) => /\/(high|en)\//.test(path))).toEqual([]);
  const { renditions, stream } = run.follower.presentation;
  expect(renditions.map(({ options, index, followed }) => [options.id, index, followed])).toEqual([
    ["en", 0, false],
    ["high", 1, false],
    ["low", 2, true],
  ]);
  expect(stream.renditions.map(({ id }) => id)).toEqual(["low"]);
  expect(run.followed.get("low")?.parts[0]?.part.key.rendition).toBe(2);
});

test("dates are those of the origin, to the part", async () => {
  const run = await followScenario({ forMs: 5_000 });
  const parts = run.followed.get("main")?.parts ?? [];
  const [first] = parts;
  expect(parts.every(({ part }) => part.dated)).toBe(true);
  // Each part's date is when it was published, less its length, in this script.
  expect(((first?.part.programDateTimeMs ?? 0) - Date.UTC(2026, 0, 1)) % 200).toBe(0);
  expect(parts.map(({ part }) => part.programDateTimeMs - (first?.part.programDateTimeMs ?? 0))).toEqual(
    parts.map((_, i) => i * 200),
  );
});

test("a hinted part arrives with its listing: nobody asks for it a second time, nor later", async () => {
  const run = await followScenario({ ageMs: 10_000, forMs: 10_000, fetchHints: true });
  const { events = [] } = run.followed.get("main") ?? {};
  const hinted = events.filter((event) => event.kind === "part" && event.part.hinted);
  const listed = events.filter((event) => event.kind === "part" && !event.part.hinted);
  // All but those that were there at the start.
  expect(hinted.length).toBeGreaterThan(listed.length - 15);
  expect(events.some(({ kind }) => kind === "dropped")).toBe(false);
});
