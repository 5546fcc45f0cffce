import { test } from "@playwright/test";
import { look } from "../look.ts";

for (const view of ["library", "settings"]) {
  test(`${view}, empty`, async ({ page }, info) => {
    await page.goto(`/?${view}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look(page, info, `${view}-empty`);
  });
}
