import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vite";
import benchConfig from "./vite.bench.config.ts";

/** The fuzz run, as one file for Node. */
export default mergeConfig(
  benchConfig,
  defineConfig({
    // The worker's store names the core as an installed package would.
    resolve: { alias: { "eddy-hls/core": fileURLToPath(new URL("src/core.ts", import.meta.url)) } },
    build: {
      ssr: fileURLToPath(new URL("bench/fuzz/run.ts", import.meta.url)),
      outDir: "dist/fuzz",
      rolldownOptions: { output: { entryFileNames: "fuzz.js" } },
    },
  }),
);
