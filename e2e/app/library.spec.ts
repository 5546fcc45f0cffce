import { expect, test } from "@playwright/test";
import { look } from "../look.ts";
import { collectErrors, endStream, publish, streamStats } from "../support.ts";

test("an empty library says how something comes into it", async ({ page }, info) => {
  await page.goto("/?library");
  await expect(page.getByText("Nothing yet.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Publish something" })).toBeVisible();
  await look(page, info, "library-empty");
});

test("recordings have a picture, are found among many, and are written to a file as they are read", async ({
  context,
}, info) => {
  const publisher = await publish(context, "studio");
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.kept?.sizeBytes ?? 0).toBeGreaterThan(0);
  await endStream(publisher);
  await expect.poll(async () => (await streamStats(publisher, "studio"))?.state).toBe("ended");
  // More recordings, of the same media.
  await publisher.evaluate(async () => {
    const relay = window.eddy?.relay;
    const playlist = await (await fetch("/live/studio/main/media.m3u8")).text();
    const [part] = /[^\s"]+\/seg-\d+\.mp4/.exec(playlist) ?? [];
    const [init] = /[^\s"]+\/init-\d+\.mp4/.exec(playlist) ?? [];
    const bytesOf = async (uri: string | undefined) =>
      new Uint8Array(await (await fetch(`/live/studio/main/${uri}`)).arrayBuffer());
    for (const name of ["evening", "match", "morning", "talk", "walk"]) {
      const publisher = await relay?.publish(name, {
        renditions: [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_500_000, width: 640, height: 360 }],
        partTargetMs: 6_000,
        targetDurationMs: 6_000,
      });
      await publisher?.init("main", await bytesOf(init));
      await publisher?.part("main", { bytes: await bytesOf(part), durationMs: 2_000, independent: true });
      await publisher?.end();
    }
  });
  await publisher.close();

  const page = await context.newPage();
  const errors = collectErrors(page);
  await page.goto("/?library");
  const rows = page.locator(".kept > li");
  await expect(rows).toHaveCount(6);
  const studio = page.locator('[data-stream="studio"]');
  await expect(studio.locator("img")).toBeVisible();
  await expect(page.getByRole("meter")).toBeVisible();

  await page.getByLabel("Sort by").selectOption("name");
  await expect(rows.first()).toHaveAttribute("data-stream", "evening");
  await look(page, info, "library-filled");
  await page.getByLabel("Find").fill("stud");
  await expect(rows).toHaveCount(1);
  await expect(page.getByText("1 of 6 recordings.")).toBeVisible();

  await studio.getByRole("button", { name: "Delete studio" }).click();
  await look(page, info, "library-confirm");
  await page.keyboard.press("Escape");

  // The dialog of the browser is none of the page: here the file is one of the origin's own.
  await page.evaluate(() => {
    const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) =>
      (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
    Object.assign(window, { showSaveFilePicker });
  });
  await studio.getByRole("button", { name: "Export studio as a file" }).click();
  await expect(page.getByText("“studio” is written to its end.")).toBeAttached();
  const written = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const file = await (await root.getFileHandle("studio.mp4")).getFile();
    const answer = await (await fetch("/live/studio/clip.mp4")).arrayBuffer();
    return { sizeBytes: file.size, expectedBytes: answer.byteLength };
  });
  expect(written.sizeBytes).toBeGreaterThan(10_000);
  expect(written.sizeBytes).toBe(written.expectedBytes);

  await page.evaluate(() => Object.assign(window, { showSaveFilePicker: undefined }));
  const download = page.waitForEvent("download");
  await studio.getByRole("button", { name: "Export studio as a file" }).click();
  expect((await download).suggestedFilename()).toMatch(/^studio-.*\.mp4$/);
  expect(errors).toEqual([]);
});

test("a name of one long word, and a title that is written from the right, stand as they should", async ({
  context,
}) => {
  const name = "x".repeat(64);
  const publisher = await publish(context, name);
  await expect.poll(async () => (await streamStats(publisher, name))?.kept?.sizeBytes ?? 0).toBeGreaterThan(0);
  await publisher.evaluate((name) => window.eddy?.relay.rename(name, "שידור חי (בדיקה) 12!"), name);

  const page = await context.newPage();
  await page.setViewportSize({ width: 390, height: 844 });
  const sideways = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (const [search, title] of [
    ["?library", ".kept-title"],
    ["?watch", ".stream-name"],
    [`?watch=${name}`, "h1"],
  ] as const) {
    await page.goto(`/${search}`);
    await expect(page.locator(title)).toHaveText(/12!/);
    expect(await page.locator(title).evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
    expect(await sideways(), search).toBeLessThanOrEqual(0);
  }
  await page.goto(`/?inspect=${name}`);
  await expect(page.locator(".ring-name")).toContainText(name);
  expect(await sideways(), "inspect").toBeLessThanOrEqual(0);
});
