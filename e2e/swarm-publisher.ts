import type { Browser, BrowserContext, Page } from "@playwright/test";
import { untilListed } from "./support.ts";
import { type SwarmFigures, swarmFigures } from "./swarm-viewers.ts";

export interface SwarmPublisher {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What a viewer opens: with the fingerprint of the stream's key. */
  readonly watchUrl: string;
  figures(): Promise<SwarmFigures>;
}

/** Publishes the pattern to a swarm, from a context of its own. */
export async function openSwarmPublisher(
  browser: Browser,
  { name, signal }: { readonly name: string; readonly signal: string },
): Promise<SwarmPublisher> {
  const context = await browser.newContext({ viewport: { width: 480, height: 360 } });
  const page = await context.newPage();
  await page.goto(
    `/?${new URLSearchParams({ publish: name, source: "pattern", partTargetMs: "333", peers: "on", signal })}`,
  );
  await untilListed(page, name);
  const key = await page.evaluate(() => window.eddy?.session?.fingerprint);
  if (key === undefined) throw new Error("the page publishes to nobody else");
  return {
    context,
    page,
    watchUrl: `/?${new URLSearchParams({ watch: name, key, peers: "on", signal })}`,
    figures: () => swarmFigures(page),
  };
}
