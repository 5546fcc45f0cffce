import { expect, test } from "@playwright/test";
import { launchPlain } from "./plain-tabs.ts";

const OBSERVED_MS = 20_000;
const PART_MS = 200;

test("publishing goes on at full rate while its tab is hidden and its timers are slowed down", async ({
  baseURL,
}, info) => {
  test.setTimeout(OBSERVED_MS + 60_000);
  const { args = [], executablePath } = info.project.use.launchOptions ?? {};
  const browser = await launchPlain(args, executablePath);
  try {
    const publisher = await browser.open(`${baseURL}/?publish=studio&source=pattern&partTargetMs=${PART_MS}`);
    // Every part ever made: ids count over all segments, and the hint names the next.
    const nextPart = `fetch("/live/studio/main/media.m3u8").then((r) => r.text())
      .then((text) => Number(/HINT:TYPE=PART,URI="[^"]*part-(\\d+)/.exec(text)?.[1] ?? 0))`;
    await expect.poll(() => publisher.evaluate(nextPart), { timeout: 20_000 }).toBeGreaterThan(5);
    const viewer = await browser.open(`${baseURL}/`);
    await expect.poll(() => publisher.evaluate("document.visibilityState")).toBe("hidden");
    // The test is worth nothing unless the browser really slows this page's timers.
    const turns = `new Promise((resolve) => {
      let turns = 0;
      const end = performance.now() + 3000;
      const turn = () => (performance.now() < end ? (turns++, setTimeout(turn, 10)) : resolve(turns));
      turn();
    })`;
    expect(await publisher.evaluate(turns)).toBeLessThan(30);

    const first = Number(await viewer.evaluate(nextPart));
    const startedAt = performance.now();
    await expect.poll(() => performance.now() - startedAt, { timeout: 60_000 }).toBeGreaterThan(OBSERVED_MS);
    const parts = Number(await viewer.evaluate(nextPart)) - first;
    const share = (parts * PART_MS) / (performance.now() - startedAt);
    expect(share, "media time per wall time").toBeGreaterThan(0.95);
    expect(share, "media time per wall time").toBeLessThan(1.05);
  } finally {
    await browser.close();
  }
});
