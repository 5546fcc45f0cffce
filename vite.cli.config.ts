import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The command line, as one file for Node. `vite build` makes it too. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "warn",
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: fileURLToPath(new URL("src/node/eddy-hls.ts", import.meta.url)),
    outDir: "dist/cli",
    target: "node20",
    rolldownOptions: { output: { entryFileNames: "eddy-hls.js", banner: "#!/usr/bin/env node" } },
  },
});
