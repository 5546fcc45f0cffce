import { expect, test } from "vitest";
import { MODE_WINDOW, MODES, ModeWatch } from "./modes.test-support.ts";
import { validateScenario } from "./scripted-origin.test-support.ts";

/** Each mode does all it does within a minute; `e2e/modes.spec.ts` follows them for two, in real time. */
const RUN_MS = 62_000;

test.each(MODES)("over a minute, $name: no MUST is broken", async (mode) => {
  const watch = new ModeWatch();
  const report = await validateScenario({
    ...mode.script(RUN_MS),
    forMs: RUN_MS,
    cache: MODE_WINDOW,
    watch,
  });
  expect(watch.problems(mode, report, RUN_MS)).toEqual([]);
});
