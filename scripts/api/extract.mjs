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

/**
 * Where declarations are, and where what comes of them goes.
 * @typedef {object} Places
 * @property {string} root Of the package, with its `package.json`.
 * @property {string} types Declarations, by the paths of their sources.
 * @property {string} cache
 * @property {string} reports
 */

/** @param {import("./entries.mjs").Entry} entry @param {Places} places */
function configOf({ file, source, lib, types }, places) {
  const main = join(places.types, source.replace(/\.ts$/, ".d.ts"));
  const packageJsonFullPath = join(places.root, "package.json");
  return ExtractorConfig.prepare({
    packageJsonFullPath,
    packageJson: JSON.parse(readFileSync(packageJsonFullPath, "utf8")),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: places.root,
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
            paths: { "eddy-hls/core": [join(places.types, "src/core.d.ts")] },
          },
          files: [main],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${file}.api.md`,
        reportFolder: places.reports,
        reportTempFolder: join(places.cache, "report"),
      },
      docModel: { enabled: true, apiJsonFilePath: join(places.cache, `${file}.api.json`) },
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
 */
export function extract(entries, { isCheck }) {
  rmSync(CACHE, { recursive: true, force: true });
  for (const host of new Set(entries.map((entry) => entry.host))) declare(host);
  return readDeclarations(entries, { isCheck, places: { root: ROOT, types: TYPES, cache: CACHE, reports: REPORTS } });
}

/**
 * @param {readonly import("./entries.mjs").Entry[]} entries
 * @param {{ isCheck: boolean, places: Places }} options
 * @returns {{ models: string[], problems: string[], isOutdated: boolean }}
 */
export function readDeclarations(entries, { isCheck, places }) {
  mkdirSync(places.reports, { recursive: true });
  /** @type {Set<string>} */
  const problems = new Set();
  let isOutdated = false;
  const models = entries.map((entry) => {
    const config = configOf(entry, places);
    const { apiReportChanged } = Extractor.invoke(config, {
      localBuild: !isCheck,
      messageCallback: (message) => {
        message.handled = true;
        const { messageId, logLevel, sourceFilePath, sourceFileLine, text } = message;
        // Said by what comes back, once for all entry points.
        if (messageId.startsWith("console-") || logLevel === ExtractorLogLevel.None) return;
        const where = sourceFilePath === undefined ? entry.source : relative(places.root, sourceFilePath);
        problems.add(`${where}:${sourceFileLine ?? 1} ${text} (${messageId})`);
      },
    });
    isOutdated ||= apiReportChanged;
    return config.apiJsonFilePath;
  });
  return { models, problems: [...problems].sort(), isOutdated };
}
