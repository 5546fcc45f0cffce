// Builds the page and the worker of the browser benchmark, each as one file.
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where the built files lie. */
export const OUT_DIR = `${root}.cache/bench-browser`;

/** The library's entry points, as an installed package would resolve them. */
const alias = {
  "eddy-hls/worker": `${root}sw/index.ts`,
  "eddy-hls/core": `${root}src/core.ts`,
  "eddy-hls": `${root}src/page/index.ts`,
};

/** @type {(entry: string, fileName: string) => Promise<unknown>} */
const single = (entry, fileName) =>
  build({
    configFile: false,
    root,
    logLevel: "warn",
    publicDir: false,
    resolve: { alias },
    // workbox checks and logs a lot unless it is told.
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    build: {
      outDir: OUT_DIR,
      emptyOutDir: false,
      target: "es2022",
      lib: { entry: `${root}bench/browser/${entry}`, formats: ["iife"], name: "Bench", fileName: () => fileName },
    },
  });

export async function buildBench() {
  await single("page/tab.ts", "page.js");
  await single("worker/worker.ts", "worker.js");
}
