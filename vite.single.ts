import { fileURLToPath } from "node:url";
import type { BuildOptions, InlineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The library's entry points, as an installed package would resolve them. */
export const alias = {
  "eddy-hls/worker": here("sw/index.ts"),
  "eddy-hls/core": here("src/core.ts"),
  "eddy-hls/testing": here("src/testing/index.ts"),
  "eddy-hls": here("src/page/index.ts"),
};

export interface SingleFile {
  readonly entry: string;
  readonly fileName: string;
  /** The global that holds what the entry exports, where the file is a classic script. */
  readonly name: string;
  readonly define?: Record<string, string>;
}

/** The build of one file without imports or exports, which a browser takes as a module and as a classic script alike. */
export function singleFile(
  { entry, fileName, name, define }: SingleFile,
  outDir: string,
  sourcemap: BuildOptions["sourcemap"] = false,
): InlineConfig {
  return {
    configFile: false,
    root: here("."),
    mode: "production",
    logLevel: "warn",
    publicDir: false,
    resolve: { alias },
    // A library build leaves the first to who bundles it; these files are bundled no further.
    define: { "process.env.NODE_ENV": '"production"', ...define },
    build: {
      outDir,
      emptyOutDir: false,
      sourcemap,
      target: "es2022",
      lib: { entry: here(entry), formats: ["iife"], name, fileName: () => fileName },
    },
  };
}

/** What other sites `importScripts` into a worker of theirs: `EddyWorker.serveRelay(self, { dvr: EddyWorker.dvr() })`. */
export const WORKER_SCRIPT: SingleFile = { entry: "sw/index.ts", fileName: "eddy-worker.js", name: "EddyWorker" };
/** The same without anything that can be passed in, which is half of it: `EddyWorker.serveRelay(self)`. */
export const LIVE_WORKER_SCRIPT: SingleFile = {
  entry: "sw/serve-relay.ts",
  fileName: "eddy-worker-live.js",
  name: "EddyWorker",
};
/** The validator for a page: `EddyValidate.validate()`. */
export const VALIDATE_SCRIPT: SingleFile = {
  entry: "src/validate/index.ts",
  fileName: "eddy-validate.js",
  name: "EddyValidate",
};
/** The worker of a test origin, and the page that publishes into it: the testing kit puts both into the browser of a test. */
export const ORIGIN_WORKER_SCRIPT: SingleFile = {
  entry: "src/testing/browser/origin-worker.ts",
  fileName: "testing/origin-worker.js",
  name: "EddyOriginWorker",
};
export const ORIGIN_PRODUCER_SCRIPT: SingleFile = {
  entry: "src/testing/browser/producer-page.ts",
  fileName: "testing/origin-producer.js",
  name: "EddyOriginProducer",
};
