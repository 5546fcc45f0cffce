import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { tableOf } from "./report.ts";
import { serveSoak } from "./site.ts";
import { Soak } from "./soak.ts";

const REPORT = ".cache/reports/soak.json";
const DOCS = "docs/soak.md";
/** The table stands between these in docs/soak.md. */
const TABLE = /(<!-- soak -->\n)[\s\S]*(<!-- \/soak -->)/;

test("eight streams in sixteen tabs lose nothing, whatever happens to them", async ({ browser, context }, info) => {
  const minutes = Number(process.env.EDDY_SOAK_MINUTES ?? 10);
  const seed = Number(process.env.EDDY_SOAK_SEED ?? 1);
  const site = await serveSoak();
  try {
    const tell = (line: string): void => console.log(line);
    const strictUpdates = process.env.EDDY_SOAK_STRICT_UPDATES === "true";
    const report = await new Soak({
      strictUpdates,
      minutes,
      seed,
      browser,
      context,
      site,
      tell,
      launch: info.project.use.launchOptions ?? {},
    }).run();
    mkdirSync(".cache/reports", { recursive: true });
    writeFileSync(REPORT, `${JSON.stringify(report, null, 1)}\n`);
    const table = tableOf(report);
    console.log(`\n${table}\n\n${REPORT}`);
    if (process.env.EDDY_SOAK_WRITE === "true") {
      writeFileSync(
        DOCS,
        readFileSync(DOCS, "utf8").replace(TABLE, (_, before, after) => `${before}${table}\n${after}`),
      );
    }
    expect(report.parts.found).toBeGreaterThan(0);
    expect(report.faults).toEqual({});
  } finally {
    site.close();
  }
});
