import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { look } from "../look.ts";
import { collectErrors, publish, watch } from "../support.ts";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

const NAME = "studio";

async function inspect(context: BrowserContext, name = NAME): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors = collectErrors(page);
  // What nobody sees is not drawn: here all of it is seen.
  await page.setViewportSize({ width: 1280, height: 4400 });
  await page.goto(`/?inspect=${name}`);
  await page.locator(`[data-ring="${name}/main"]`).waitFor();
  return { page, errors };
}

const filled = async (page: Page): Promise<number> =>
  Number(await page.locator(`[data-ring="${NAME}/main"]`).getAttribute("data-filled"));

test("without a stream it says so, and where to get one", async ({ page }, info) => {
  await page.goto("/?inspect");
  await expect(page.getByRole("link", { name: "Publish the test pattern" })).toBeVisible();
  await look(page, info, "inspect-empty");
});

test("rings fill, lines carry their rules, requests of another tab appear, and what is broken mends itself", async ({
  context,
}, info) => {
  await publish(context, NAME);
  const { page, errors } = await inspect(context);

  await test.step("the ring fills", async () => {
    const before = await filled(page);
    await expect.poll(() => filled(page)).toBeGreaterThan(before + 3);
  });

  await test.step("slots are told of by the keyboard", async () => {
    await page.locator("canvas.ring-canvas").focus();
    await page.keyboard.press("End");
    const details = page.locator(".slot-details");
    await expect(details).toContainText("from a page of this browser");
    const newest = await details.locator("dd").nth(2).textContent();
    await page.keyboard.press("ArrowUp");
    await expect(details.locator("dd").nth(2)).toHaveText(String(Number(newest) - 1));
    await page.getByRole("button", { name: "Read the hash" }).click();
    await expect(details).toContainText(/xxHash64\s*[0-9a-f]{16}/);
    await page.locator("canvas.ring-canvas").focus();
    await page.keyboard.press("Escape");
    await expect(details).toContainText("No slot is chosen");
  });

  await test.step("each line of the playlist names the rules that bear on it, and breaks none", async () => {
    const list = page.locator('[data-list="full"]');
    await expect(list.locator("li", { hasText: "#EXT-X-PART:" }).first().locator(".line-rules")).toContainText("14 15");
    await expect(page.locator(".playlist-verdict")).toHaveAttribute("data-broken", "0");
    await list.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await expect(page.locator(".rule-texts")).toContainText("VERSION at least 6");
    await page.getByRole("button", { name: "Follow" }).click();
  });

  await test.step("a delta update stands beside it once there is something to skip", async () => {
    await expect(page.locator('[data-list="delta"] li', { hasText: "#EXT-X-SKIP" })).toBeVisible({ timeout: 30_000 });
  });

  await test.step("what another tab plays is asked for here", async () => {
    await watch(context, NAME);
    await page.bringToFront();
    await expect(page.locator('.requests tr[data-page="watch"][data-kind="media"]').first()).toBeVisible();
  });

  await test.step("the relay is restarted: the stream goes on, and the timeline shows it", async () => {
    await page.getByRole("button", { name: "Restart the relay" }).click();
    const log = page.locator(".fault-log");
    await expect(log).toContainText(/broke off \d+ answer/);
    await expect(log).toContainText("The stream went on");
    await expect(page.locator(".worker-began")).toHaveAttribute("data-starts", "1");
    const before = await filled(page);
    await expect.poll(() => filled(page)).toBeGreaterThan(before + 3);
    await expect(page.locator(".inspect-problem")).toHaveCount(0);
    await page.locator('[data-chart="latency"] canvas').waitFor();
    await page.locator("canvas.ring-canvas").focus();
    await page.keyboard.press("End");
    await look(page, info, "inspect-restarted");
  });

  await test.step("a part is lost, and a timeline begins: the playlist says so", async () => {
    const log = page.locator(".fault-log");
    await page.getByRole("button", { name: "Lose a part" }).click();
    await expect(log).toContainText("The playlist lists the gap");
    await expect(page.locator('[data-list="full"] li', { hasText: "GAP=YES" }).first()).toBeAttached();
    await page.getByRole("button", { name: "Add a discontinuity" }).click();
    await expect(log).toContainText("The playlist lists the discontinuity");
    await expect(page.locator(".playlist-verdict")).toHaveAttribute("data-broken", "0");
  });

  await test.step("the report is copied, with all of that and no keys", async () => {
    await page.getByRole("button", { name: "Copy the report" }).click();
    await expect(page.locator("[data-report]")).toHaveText("Copied.");
    const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    expect(report).toMatchObject({ version: expect.any(String), userAgent: expect.any(String) });
    expect(report.session).toBeUndefined();
    expect(report.playlist.join("\n")).toContain("#EXT-X-PART-INF");
    expect(report.requests.some(({ by }: { by: string }) => by === "watch")).toBe(true);
    expect(report.faults.join()).toContain("The stream went on");
  });
  await expect(page.locator(".notice")).toHaveCount(0);
  expect(errors, "errors that the page did not foresee").toEqual([]);
});

test("a stream that is not there is awaited under its name, and another can be chosen", async ({ context }) => {
  await publish(context, "studio");
  const page = await context.newPage();
  await page.goto("/?inspect=nobody");
  const choice = page.getByLabel("Stream");
  await expect(choice).toHaveValue("nobody");
  await choice.selectOption("studio");
  await expect(page).toHaveURL(/inspect=studio$/);
});
