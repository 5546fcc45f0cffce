import { expect, test } from "@playwright/test";
import { createMatch } from "../src/http/handler.ts";
import { systemClock } from "../src/model/clock.ts";
import { serveNode } from "../src/node/serve-node.ts";
import { Playlists } from "../src/origin/playlists.ts";
import { MODE_WINDOW, MODES, type Mode, ModeWatch } from "../src/validate/modes.test-support.ts";
import { ScriptedProducer } from "../src/validate/scripted-producer.test-support.ts";
import { type ValidationReport, validate } from "../src/validate/validate.ts";

const RUN_MS = 120_000;
/** Parts of 400 ms: as much as nine streams and nine validators in one process leave time for. */
const STRETCH = 2;
const PARTS_PER_SECOND = 2.5;

/** Follows one stream from its third second on. */
async function follow(mode: Mode, url: string): Promise<{ report: ValidationReport; problems: readonly unknown[] }> {
  const watch = new ModeWatch();
  const report = await validate(url, {
    durationMs: RUN_MS,
    ...watch.options((target, init) => globalThis.fetch(target, init)),
  });
  return { report, problems: watch.problems(mode, report, RUN_MS / STRETCH) };
}

/** No browser: what is on trial is the relay behind a network, and the time that really passes. */
test("the validator follows every way to publish for two minutes, all at once over HTTP, and finds no MUST", async () => {
  test.setTimeout(RUN_MS + 60_000);
  const playlists = new Playlists({ numPlaylists: 32, ...MODE_WINDOW });
  const on = { playlists, clock: systemClock };
  const producers = MODES.map((mode, index) => {
    const script = { ...mode.script(RUN_MS / STRETCH), stretch: STRETCH };
    return new ScriptedProducer(script, { ...on, stream: `mode-${index}` });
  });
  const server = await serveNode(createMatch(playlists, { gzip: true, allowOrigin: "*" }));
  try {
    const runs = await Promise.all(
      MODES.map((mode, index) => follow(mode, `${server.url}live/mode-${index}/main.m3u8`)),
    );
    for (const [index, { report, problems }] of runs.entries()) {
      const { name } = MODES[index] ?? { name: "" };
      const { renditions, playlists: seen, requests, rules, durationMs } = report;
      const listed = rules.find(({ rule }) => rule === 64)?.occasions ?? 0;
      console.log(JSON.stringify({ name, seen, requests, listed, durationMs: Math.round(durationMs) }));
      expect.soft(problems, name).toEqual([]);
      // A playlist for every fourth part and more, where the machine is not too busy to follow; a silence and an end among them.
      const parts = (RUN_MS / 1000) * PARTS_PER_SECOND * renditions.length;
      expect.soft(seen, `playlists of ${name}`).toBeGreaterThan(parts / 8);
      expect.soft(listed, `parts and segments of ${name}`).toBeGreaterThan(parts / 4);
    }
  } finally {
    for (const producer of producers) producer.stop();
    await server.close();
  }
});
