import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The benchmarks of the core, as one file for Node. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "warn",
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: fileURLToPath(new URL("bench/node/run.ts", import.meta.url)),
    outDir: "dist/bench",
    target: "node20",
    // As written: a profile of it names what the source names.
    minify: false,
    rolldownOptions: { output: { entryFileNames: "bench.js" } },
  },
});
