import { fileURLToPath } from "node:url";
import { build, defineConfig, type InlineConfig, type Plugin } from "vite";
import cliConfig from "./vite.cli.config.ts";
import {
  alias,
  LIVE_WORKER_SCRIPT,
  ORIGIN_PRODUCER_SCRIPT,
  ORIGIN_WORKER_SCRIPT,
  singleFile,
  VALIDATE_SCRIPT,
  WORKER_SCRIPT,
} from "./vite.single.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const OUT_DIR = "lib";
/** Stands for the path of the capture worker's script until it is known which file asks for it. */
const CAPTURE_WORKER = "__EDDY_CAPTURE_WORKER__";

/**
 * Leaves `new Worker(new URL("…", import.meta.url))` in the build, for whoever bundles it next to find and for a browser to take as it
 * is. Vite itself would write what only a browser understands.
 */
function captureWorker(path: string): Plugin {
  return {
    name: "eddy-capture-worker",
    enforce: "pre",
    transform(code) {
      const source = '"../capture/capture-worker.ts"';
      return code.includes(`new URL(${source}, import.meta.url)`) ? code.replace(source, CAPTURE_WORKER) : undefined;
    },
    renderChunk(code) {
      return code.includes(CAPTURE_WORKER) ? code.replace(CAPTURE_WORKER, JSON.stringify(path)) : undefined;
    },
  };
}

/** What stands for itself, beside the modules: the page without a bundler, the classic scripts and the command line. */
function standalone(): Plugin {
  return {
    name: "eddy-standalone",
    async closeBundle() {
      await build(browserConfig);
      const scripts = [
        WORKER_SCRIPT,
        LIVE_WORKER_SCRIPT,
        VALIDATE_SCRIPT,
        ORIGIN_WORKER_SCRIPT,
        ORIGIN_PRODUCER_SCRIPT,
      ];
      for (const file of scripts) await build(singleFile(file, OUT_DIR));
      await build({
        ...cliConfig,
        configFile: false,
        build: { ...cliConfig.build, outDir: `${OUT_DIR}/cli`, license: { fileName: "third-party-licenses.md" } },
      });
    },
  };
}

const common: InlineConfig = {
  configFile: false,
  root: here("."),
  logLevel: "warn",
  publicDir: false,
  resolve: { alias },
  // A library build leaves it to who bundles it; these files need not be bundled further.
  define: { "process.env.NODE_ENV": '"production"' },
};

/** The page side for a page without a bundler: a few minified files, of which it loads what it uses. */
const browserConfig: InlineConfig = {
  ...common,
  plugins: [captureWorker("./capture-worker.js")],
  build: {
    outDir: `${OUT_DIR}/browser`,
    target: "es2022",
    modulePreload: false,
    rolldownOptions: {
      input: { "eddy-hls": here("src/page/index.ts"), "capture-worker": here("src/capture/capture-worker.ts") },
      // Side by side, so that each finds the worker there.
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      preserveEntrySignatures: "strict",
    },
  },
};

/**
 * The library as npm gets it: one file for each module, so that a bundler takes those that are used. What they need of other packages is
 * among them, so that nothing is installed beside it.
 */
export default defineConfig({
  ...common,
  plugins: [captureWorker("../capture/capture-worker.js"), standalone()],
  build: {
    outDir: OUT_DIR,
    target: "es2022",
    // As written: who bundles it minifies, and a stack trace names what the source names.
    minify: false,
    license: { fileName: "third-party-licenses.md" },
    lib: {
      entry: [
        here("src/page/index.ts"),
        here("src/core.ts"),
        here("src/capture/capture-worker.ts"),
        here("sw/index.ts"),
        here("src/testing/index.ts"),
      ],
      formats: ["es"],
    },
    rolldownOptions: {
      // The testing kit loads some of Node where it runs there, and nothing of it elsewhere.
      external: /^node:/,
      output: {
        preserveModules: true,
        preserveModulesRoot: here("."),
        entryFileNames: ({ name }) => `${name.replace(/.*node_modules\//, "vendor/").replace(/\.ts$/, "")}.js`,
      },
    },
  },
});
