import type { Page } from "@playwright/test";
import type { ValidateOptions, ValidationReport, validate } from "../src/validate/validate.ts";

declare global {
  var EddyValidate: { readonly validate: typeof validate } | undefined;
}

/** Runs the validator in a page, so that the Service Worker answers its requests. */
export async function validateInPage(page: Page, path: string, options: ValidateOptions): Promise<ValidationReport> {
  await page.addScriptTag({ url: "/eddy-validate.js" });
  const report = await page.evaluate(
    async ([url, given]) => globalThis.EddyValidate?.validate(new URL(url, location.href).href, given),
    [path, { overNetwork: false, ...options }] as const,
  );
  if (report === undefined) throw new Error("the page has no validator");
  return report;
}
