import { expect, test } from "@playwright/test";
import { look } from "../look.ts";
import { collectErrors, endStream, killWorker, publish, streamStats } from "../support.ts";

test("what is chosen is stored at once, tested where it is an address, and refused where it is none", async ({
  page,
}, info) => {
  const errors = collectErrors(page);
  await page.goto("/?settings");
  await expect(page.getByLabel("Keep of each stream")).toHaveValue("240");
  await look(page, info, "settings-first");

  await page.getByRole("radio", { name: "Through a server only" }).check();
  await expect(page.getByText("This needs a TURN server")).toBeVisible();
  await page.getByRole("textbox", { name: "TURN server" }).fill("turn:127.0.0.1:9");
  await page.getByRole("textbox", { name: "TURN server" }).press("Tab");
  await expect(page.getByText("This needs a TURN server")).toBeHidden();

  const signal = page.getByLabel("Signalling relay", { exact: true });
  await signal.fill("https://example.org");
  await signal.press("Tab");
  await expect(page.getByText(/That is the address of something else\..*not saved/)).toBeVisible();
  await signal.fill("");
  await signal.press("Tab");
  await page.getByRole("button", { name: "Test: Signalling relay" }).click();
  await expect(page.getByText(/It answers: by WebSocket, after \d+ ms\./)).toBeVisible();
  await signal.fill("ws://127.0.0.1:9");
  await page.getByRole("button", { name: "Test: Signalling relay" }).click();
  await expect(page.getByText("It cannot be reached.")).toBeVisible();

  await page.getByLabel("At most in a month, in MB").fill("500");
  await page.getByLabel("At most in a month, in MB").press("Tab");
  await expect(page.getByText("0 bytes of 500 MB sent")).toBeVisible();
  await page.getByLabel("Pass parts on without asking").check();
  await page.reload();
  await expect(page.getByRole("radio", { name: "Through a server only" })).toBeChecked();
  await expect(page.getByRole("textbox", { name: "TURN server" })).toHaveValue("turn:127.0.0.1:9");
  await expect(page.getByLabel("Pass parts on without asking")).toBeChecked();
  await look(page, info, "settings-filled");
  expect(errors).toEqual([]);
});

test("how much is kept holds through the end of the worker, and is asked about where it deletes something", async ({
  context,
}, info) => {
  test.setTimeout(90_000);
  const publisher = await publish(context, "studio");
  const page = await context.newPage();
  await page.goto("/?settings");
  const kept = page.getByLabel("Keep of each stream");
  await kept.selectOption("60");
  await expect(page.getByText("Each stream keeps its last 1 hour.")).toBeVisible();
  await killWorker(page);
  await page.reload();
  await expect(kept).toHaveValue("60");

  await page.getByRole("button", { name: "Clear everything" }).click();
  await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
  await look(page, info, "settings-confirm");
  await page.getByRole("button", { name: "Delete everything" }).click();
  await expect(page.getByText("Something is live here.")).toBeVisible();

  await endStream(publisher);
  await expect.poll(async () => (await streamStats(page, "studio"))?.state).toBe("ended");
  await publisher.close();
  await page.getByRole("button", { name: "Clear everything" }).click();
  await page.getByRole("button", { name: "Delete everything" }).click();
  await page.waitForURL((url) => url.search === "");
  await expect.poll(() => page.evaluate(async () => (await window.eddy?.relay.streams())?.length)).toBe(0);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  await page.goto("/?settings");
  await expect(kept).toHaveValue("240");
});
