import { test } from "@playwright/test";
import { expectHandOver } from "../joined.ts";

test("two tabs take one publisher's stream once, and the second goes on without a gap when the first closes", async ({
  browser,
}) => {
  test.setTimeout(90_000);
  await expectHandOver(browser, "peers");
});
