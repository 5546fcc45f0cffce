import { fileURLToPath } from "node:url";
import { build, defineConfig, type Plugin } from "vite";
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
/** Stands for the script's path until it is known which chunk asks for it. */
const CAPTURE_WORKER = "__EDDY_CAPTURE_WORKER__";

/**
 * Leaves `new Worker(new URL("./capture-worker.js", import.meta.url))` in the build, for whoever bundles it next to find, and for a
 * browser to take as it is. Vite itself would write what only a browser understands.
 */
function captureWorker(): Plugin {
  return {
    name: "eddy-capture-worker",
    enforce: "pre",
    transform(code) {
      const source = '"../capture/capture-worker.ts"';
      return code.includes(`new URL(${source}, import.meta.url)`) ? code.replace(source, CAPTURE_WORKER) : undefined;
    },
    renderChunk(code, chunk) {
      const path = chunk.fileName.includes("/") ? "../capture-worker.js" : "./capture-worker.js";
      return code.includes(CAPTURE_WORKER) ? code.replace(CAPTURE_WORKER, JSON.stringify(path)) : undefined;
    },
  };
}

/** The classic scripts and the command line, beside the modules. */
function standalone(): Plugin {
  return {
    name: "eddy-standalone",
    async closeBundle() {
      const scripts = [
        WORKER_SCRIPT,
        LIVE_WORKER_SCRIPT,
        VALIDATE_SCRIPT,
        ORIGIN_WORKER_SCRIPT,
        ORIGIN_PRODUCER_SCRIPT,
      ];
      for (const file of scripts) await build(singleFile(file, OUT_DIR));
      await build({ ...cliConfig, configFile: false, build: { ...cliConfig.build, outDir: `${OUT_DIR}/cli` } });
    },
  };
}

/**
 * The library as npm gets it: modules that hold all they need, so that a browser loads them without a bundler and nothing else is
 * installed. One build of all entry points: what two of them share is one chunk, and one `RelayError`.
 */
export default defineConfig({
  root: here("."),
  logLevel: "warn",
  publicDir: false,
  resolve: { alias },
  plugins: [captureWorker(), standalone()],
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: OUT_DIR,
    target: "es2022",
    // As written: who bundles it minifies, and a stack trace names what the source names.
    minify: false,
    license: { fileName: "third-party-licenses.md" },
    lib: {
      entry: {
        index: here("src/page/index.ts"),
        worker: here("sw/index.ts"),
        core: here("src/core.ts"),
        "capture-worker": here("src/capture/capture-worker.ts"),
        testing: here("src/testing/index.ts"),
      },
      formats: ["es"],
    },
    // The testing kit loads some of Node where it runs there, and nothing of it elsewhere.
    rolldownOptions: {
      external: /^node:/,
      output: { entryFileNames: "[name].js", chunkFileNames: "chunks/[name].js" },
    },
  },
});
