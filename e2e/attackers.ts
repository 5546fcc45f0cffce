import type { Browser, BrowserContext, Page } from "@playwright/test";
import { bundleScript } from "./kit-site.ts";

/** What e2e/kit/attacker.ts can be. */
export type AttackKind = "polluter" | "liar" | "slow" | "flooder" | "replayer" | "equivocator" | "oversize" | "babbler";

export interface Attacker {
  readonly kind: AttackKind;
  readonly page: Page;
  /** As its victims know it; undefined until it has said hello to somebody. */
  peer(): Promise<string | undefined>;
  /** Frames that it has sent to how many peers. */
  done(): Promise<{ readonly said: number; readonly peers: number }>;
}

let script: Promise<string> | undefined;

/** Builds what attackers run: before anything plays, since it takes this process, and the origin with it, a second. */
export async function prepareAttackers(): Promise<void> {
  script ??= bundleScript("kit/attacker.ts");
  await script;
}

/** Opens a watching page in a context of its own, which says to its peers what an attacker says. `key`: the publisher's, in base64. */
export async function openAttacker(
  browser: Browser,
  { kind, url, key }: { readonly kind: AttackKind; readonly url: string; readonly key?: string },
): Promise<Attacker> {
  await prepareAttackers();
  const context: BrowserContext = await browser.newContext();
  await context.addInitScript(
    (attack) => {
      window.attack = attack;
    },
    { kind, ...(key === undefined ? {} : { key }) },
  );
  await context.addInitScript({ content: (await script) ?? "" });
  const page = await context.newPage();
  await page.goto(url);
  return {
    kind,
    page,
    peer: () => page.evaluate(() => window.attacking?.peer),
    done: () => page.evaluate(() => ({ said: window.attacking?.said ?? 0, peers: window.attacking?.peers ?? 0 })),
  };
}
