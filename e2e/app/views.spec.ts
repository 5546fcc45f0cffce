import { test } from "@playwright/test";
import { look } from "../look.ts";

test("inspect, empty", async ({ page }, info) => {
  await page.goto("/?inspect");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await look(page, info, "inspect-empty");
});
