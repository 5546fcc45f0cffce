import { expect, test } from "@playwright/test";
import { publish } from "./support.ts";
import { validateInPage } from "./validated.ts";

test("the validator finds no MUST in what the Service Worker serves, from capture to playlist", async ({
  context,
}, info) => {
  await publish(context, "studio");
  const page = await context.newPage();
  await page.goto("/");
  await expect.poll(() => page.evaluate(async () => window.eddy?.relay.streams())).toHaveLength(1);
  const report = await validateInPage(page, "/live/studio/main.m3u8", { durationMs: 30_000 });
  await info.attach("report.json", { body: JSON.stringify(report, null, 1), contentType: "application/json" });
  console.log(JSON.stringify(report.findings));
  expect(report.failure).toBeUndefined();
  expect(report.playlists).toBeGreaterThan(30);
  // Of the rules that need media, hints and deltas: they had something to look at.
  const idle = report.rules.filter(
    ({ rule, occasions }) => [26, 33, 40, 44, 47, 50, 52].includes(rule) && occasions === 0,
  );
  expect(idle).toEqual([]);
  expect(report.findings.filter(({ level }) => level === "MUST")).toEqual([]);
});
