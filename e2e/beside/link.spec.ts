import { expect, test } from "@playwright/test";

test("a link that would send the camera to others does not, where the camera has been granted before", async ({
  context,
  page,
  baseURL,
}) => {
  await context.grantPermissions(["camera", "microphone"], { origin: baseURL ?? "" });
  const asked: string[] = [];
  await page.route("http://127.0.0.1:9/**", (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  await page.goto("/?publish=cam&source=camera&moq=http://127.0.0.1:9/");
  await expect(page.getByText("This link would send your camera to others.")).toBeVisible();
  await expect.poll(() => page.evaluate(async () => (await window.eddy?.relay.streams())?.length)).toBe(0);
  await expect(page.getByRole("button", { name: "Go live" })).toBeVisible();
  expect(asked).toEqual([]);
});
