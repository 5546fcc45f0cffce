import { expect, test } from "@playwright/test";
import { attachSignal } from "../../src/node/signal-server.ts";
import { type BesideSite, codeIn, pageFiles, serveBeside, under, workerFile } from "./beside-site.ts";

/** As a site would set it: from the documentation, on every file. Reports of all pages and workers come to the site. */
async function siteWith(
  change: (policy: string) => string = (policy) => policy,
  more: ReadonlyMap<string, string> = new Map(),
): Promise<BesideSite> {
  const [block = ""] = await codeIn("docs/embedding.md", "A Content Security Policy", "http");
  const [name = "", policy = ""] = block.trim().split(/:\s(.*)/);
  expect(name).toBe("Content-Security-Policy");
  const files = new Map([...under("/", await pageFiles()), ["/sw.js", await workerFile()], ...more]);
  const changed = change(policy);
  return serveBeside({ files, headers: () => ({ [name]: `${changed}; report-uri /violations` }) });
}

const directivesOf = (site: BesideSite): string[] =>
  site.posted.map((body) => JSON.parse(body)["csp-report"]?.["effective-directive"]);

test("under the policy of the documentation a page publishes, shares and plays, and nothing violates it", async ({
  page,
}) => {
  const site = await siteWith();
  const signal = attachSignal(site.server, "/eddy-signal");
  try {
    await page.goto(site.url);
    expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
    const sharing = { iceServers: [], upload: { consent: true } };
    expect(await page.evaluate((options) => window.beside.publish("studio", options), sharing)).toBe("live");
    expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
    // Signalling is reached, and the worker hashes, without WebAssembly.
    await expect.poll(() => signal.stats.sockets).toBeGreaterThan(0);
    const hash = await page.evaluate(() => window.beside.hash("studio", "main"));
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    await page.evaluate(() => window.beside.stop());
    expect(site.posted).toEqual([]);
  } finally {
    site.close();
  }
});

const needed = [
  { directive: "media-src blob:", instead: "", broken: "media-src" },
  { directive: "worker-src 'self'", instead: "worker-src 'none'", broken: "worker-src" },
  { directive: "connect-src 'self'", instead: "connect-src 'none'", broken: "connect-src" },
];

for (const { directive, instead, broken } of needed) {
  test(`the policy needs ${directive}: without it ${broken} is violated`, async ({ page }) => {
    const site = await siteWith((policy) => {
      const changed = policy.replace(directive, instead);
      expect(changed, "the policy of the documentation").not.toBe(policy);
      return changed;
    });
    try {
      await page.goto(site.url);
      const opened = await page.evaluate(() => window.beside.open({}));
      if (broken === "worker-src") expect(opened).toMatch(/^worker-unreachable: /);
      else {
        expect(opened).toBe("open");
        await page.evaluate(() => window.beside.publish("studio"));
        await page.evaluate(() => void window.beside.play("studio").catch(() => undefined));
      }
      await expect.poll(() => directivesOf(site), { timeout: 10_000 }).toContain(broken);
    } finally {
      site.close();
    }
  });
}

test("with Trusted Types the policy of the documentation lets the two workers start, and nothing else is violated", async ({
  page,
}) => {
  const [, directives = ""] = await codeIn("docs/embedding.md", "A Content Security Policy", "http");
  const [policy = ""] = await codeIn("docs/embedding.md", "A Content Security Policy", "js");
  const html = (await pageFiles()).get("index.html") ?? "";
  const more = new Map([
    ["/policy.js", policy],
    ["/", html.replace("<script", '<script src="/policy.js"></script>\n<script')],
  ]);
  const site = await siteWith((header) => `${header}; ${directives.trim()}`, more);
  try {
    await page.goto(site.url);
    expect(await page.evaluate(() => window.beside.open({}))).toBe("open");
    expect(await page.evaluate(() => window.beside.publish("studio"))).toBe("live");
    expect(await page.evaluate(() => window.beside.play("studio"))).toBeGreaterThan(0);
    // It is in force: a string that is another site's is refused.
    const refused = await page.evaluate(() => {
      try {
        return typeof new Worker("https://elsewhere.test/worker.js");
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(refused).toBe("TypeError");
    expect(site.posted).toEqual([]);
  } finally {
    site.close();
  }
});
