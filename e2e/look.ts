import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, type TestInfo } from "@playwright/test";

/** A phone, a tablet, a desktop. */
const WIDTHS = [390, 820, 1440] as const;
const HEIGHT = 900;
const SCHEMES = ["light", "dark"] as const;

/**
 * Shows the page as it is at three widths, light and dark: a picture of each under `test-results/screens/`, no sideways scrolling, and nothing
 * serious that axe finds.
 */
export async function look(page: Page, info: TestInfo, name: string): Promise<void> {
  const folder = join(info.project.outputDir, "screens");
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect.soft(overflow, `${name} at ${width} px scrolls sideways`).toBeLessThanOrEqual(0);
    }
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
    expect.soft(serious, `axe on ${name}, ${colorScheme}`).toEqual([]);
  }
  if (before !== null) await page.setViewportSize(before);
}
