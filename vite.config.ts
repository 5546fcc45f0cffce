import { fileURLToPath } from "node:url";
import { build, defineConfig, type InlineConfig, type Plugin, type ResolvedConfig } from "vite";
import cliConfig from "./vite.cli.config.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The library's entry points, as an installed package would resolve them. */
const alias = {
  "eddy-hls/worker": here("sw/index.ts"),
  "eddy-hls/core": here("src/core.ts"),
  "eddy-hls": here("src/page/index.ts"),
};

/**
 * The worker at the root of the origin, in development and in the build; and what else the build makes beside the demo.
 *
 * Development serves the sources as a module worker. The build gives single files without imports or exports, which
 * the browser takes as a module and as a classic worker alike: `sw.js`, the demo's own, and `eddy-worker.js`, which
 * other sites `importScripts` and then call `EddyWorker.serveRelay(self)`. `eddy-validate.js` is the validator for a page
 * (`EddyValidate.validate`), and `cli/eddy-hls.js` the command line for Node.
 */
function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  const single = (entry: string, fileName: string, name: string): InlineConfig => ({
    configFile: false,
    root: config.root,
    mode: config.mode,
    logLevel: "warn",
    publicDir: false,
    resolve: { alias },
    build: {
      outDir: config.build.outDir,
      emptyOutDir: false,
      sourcemap: config.build.sourcemap,
      target: "es2022",
      lib: { entry: here(entry), formats: ["iife"], name, fileName: () => fileName },
    },
  });
  return {
    name: "eddy-service-worker",
    configResolved(resolved) {
      config = resolved;
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url?.split("?")[0] === "/sw.js") {
          request.url = "/sw/sw.ts";
          response.setHeader("Service-Worker-Allowed", "/");
        }
        next();
      });
    },
    async closeBundle() {
      if (config.command !== "build") return;
      await build(single("sw/sw.ts", "sw.js", "EddySw"));
      await build(single("sw/index.ts", "eddy-worker.js", "EddyWorker"));
      await build(single("src/validate/index.ts", "eddy-validate.js", "EddyValidate"));
      await build({ ...cliConfig, configFile: false });
    },
  };
}

export default defineConfig({
  resolve: { alias },
  plugins: [serviceWorker()],
  build: { target: "es2022", sourcemap: true },
  worker: { format: "es" },
  // One port, or a clear failure: a second server on another port would be another origin with an empty relay.
  server: { port: 5173, strictPort: true },
  preview: { port: 4173, strictPort: true },
});
