import { expect, type Page, test } from "@playwright/test";
import type { ValidateOptions, ValidationReport, validate } from "../src/validate/validate.ts";
import { publish } from "./support.ts";

declare global {
  var EddyValidate: { readonly validate: typeof validate } | undefined;
}

/** Runs the validator in a page, so that the Service Worker answers its requests. */
async function validateInPage(page: Page, path: string, options: ValidateOptions): Promise<ValidationReport> {
  await page.addScriptTag({ url: "/eddy-validate.js" });
  const report = await page.evaluate(
    async ([url, given]) => globalThis.EddyValidate?.validate(new URL(url, location.href).href, given),
    [path, { overNetwork: false, ...options }] as const,
  );
  if (report === undefined) throw new Error("the page has no validator");
  return report;
}

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
