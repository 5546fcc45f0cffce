import { describe, expect, test } from "vitest";
import { MODE_WINDOW, MODES } from "../validate/modes.test-support.ts";
import { differences, followScenario } from "./follow.test-support.ts";

const RUN_MS = 62_000;

describe.each(MODES)("$name", (mode) => {
  test.each([false, true])("is followed part by part, byte for byte; hints are asked for: %s", async (fetchHints) => {
    const run = await followScenario({
      ...mode.script(RUN_MS),
      forMs: RUN_MS,
      cache: MODE_WINDOW,
      fetchHints,
      follow: { start: "window" },
    });
    for (const [id, { parts, events }] of run.followed) {
      expect([id, ...differences(run, id)]).toEqual([id]);
      // All that was published while it was followed, but for the last ones, which may still be on their way.
      const all = run.published.get(id) ?? [];
      expect(all.length - parts.length).toBeLessThan(3);
      // Nothing is fetched twice, however often it is announced; what the origin says is late (503) is asked for again.
      const media = run.served.filter((path) => path.includes(`/${id}/`) && !path.includes(".m3u8"));
      expect(media.length).toBe(new Set(media).size);
      expect(events.filter(({ kind }) => kind === "lost" || kind === "reset")).toEqual([]);
    }
  });
});
