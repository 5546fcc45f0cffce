// The declarations of each entry point, read by API Extractor: what is undocumented, what a signature names and nobody exports, which
// comment is no TSDoc; the report of the public surface; and the model that the reference is written from.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { run } from "../run.mjs";

const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache/api");
const TYPES = join(CACHE, "types");
const REPORTS = join(ROOT, "docs/api/report");

/** The declarations as the package has them, where they are not weeded yet, and lead back to the sources. @param {string} host */
function declare(host) {
  run("npx", ["tsc", "-p", `tsconfig.lib-${host}.json`, "--declarationMap", "--outDir", TYPES], { cwd: ROOT });
}

/** @param {import("./entries.mjs").Entry} entry */
function configOf({ file, source, lib, types }) {
  const main = join(TYPES, source.replace(/\.ts$/, ".d.ts"));
  const packageJsonFullPath = join(ROOT, "package.json");
  return ExtractorConfig.prepare({
    packageJsonFullPath,
    packageJson: JSON.parse(readFileSync(packageJsonFullPath, "utf8")),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: main,
      newlineKind: "lf",
      compiler: {
        // Its own TypeScript reads them: version 7, which makes them, has no API to be read with.
        overrideTsconfig: {
          compilerOptions: {
            target: "ES2022",
            module: "ESNext",
            moduleResolution: "bundler",
            strict: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: true,
            noEmit: true,
            allowImportingTsExtensions: true,
            lib,
            types,
            paths: { "eddy-hls/core": [join(TYPES, "src/core.d.ts")] },
          },
          files: [main],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${file}.api.md`,
        reportFolder: REPORTS,
        reportTempFolder: join(CACHE, "report"),
      },
      docModel: { enabled: true, apiJsonFilePath: join(CACHE, `${file}.api.json`) },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          // All that is exported is public.
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
          "ae-undocumented": { logLevel: ExtractorLogLevel.Error },
        },
      },
    },
  });
}

/**
 * @param {readonly import("./entries.mjs").Entry[]} entries
 * @param {{ isCheck: boolean }} options A check leaves the reports as they are.
 * @returns {{ models: string[], problems: string[], isOutdated: boolean }}
 */
export function extract(entries, { isCheck }) {
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  for (const host of new Set(entries.map((entry) => entry.host))) declare(host);
  /** @type {Set<string>} */
  const problems = new Set();
  let isOutdated = false;
  const models = entries.map((entry) => {
    const config = configOf(entry);
    const { apiReportChanged } = Extractor.invoke(config, {
      localBuild: !isCheck,
      messageCallback: (message) => {
        message.handled = true;
        const { messageId, logLevel, sourceFilePath, sourceFileLine, text } = message;
        // Said by what comes back, once for all entry points.
        if (messageId.startsWith("console-") || logLevel === ExtractorLogLevel.None) return;
        const where = sourceFilePath === undefined ? entry.source : relative(ROOT, sourceFilePath);
        problems.add(`${where}:${sourceFileLine ?? 1} ${text} (${messageId})`);
      },
    });
    isOutdated ||= apiReportChanged;
    return config.apiJsonFilePath;
  });
  return { models, problems: [...problems].sort(), isOutdated };
}
