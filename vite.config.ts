import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { build, defineConfig, type Plugin, type ResolvedConfig } from "vite";
import { attachSignal } from "./src/node/signal-server.ts";
import cliConfig from "./vite.cli.config.ts";
import {
  alias,
  ORIGIN_PRODUCER_SCRIPT,
  ORIGIN_WORKER_SCRIPT,
  type SingleFile,
  singleFile,
  VALIDATE_SCRIPT,
  WORKER_SCRIPT,
} from "./vite.single.ts";

interface ShellFile {
  readonly url: string;
  /** Null where the name itself holds a hash of the content. */
  readonly revision: string | null;
}

/** What the demo needs to open without a network: every file of its build but the source maps, and pictures that only an app store's page shows. */
function shellOf(folder: string, hashedFolder: string): readonly ShellFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".map") && !/^screenshot-/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const url = path.slice(folder.length).split(sep).join("/");
      if (url.startsWith(`/${hashedFolder}/`)) return { url, revision: null };
      return { url, revision: createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16) };
    })
    .sort((a, b) => (a.url < b.url ? -1 : 1));
}

/**
 * The worker at the root of the origin, in development and in the build; and what else the build makes beside the demo.
 *
 * Development serves the sources as a module worker. The build gives single files without imports or exports, which
 * the browser takes as a module and as a classic worker alike: `sw.js`, the demo's own, and `eddy-worker.js`, which
 * other sites `importScripts` and then call `EddyWorker.serveRelay(self)`. `eddy-validate.js` is the validator for a page
 * (`EddyValidate.validate`), and `cli/eddy-hls.js` the command line for Node.
 *
 * Only `sw.js` of the build keeps the demo's files for a start without a network: in development they change as one types.
 */
function serviceWorker(): Plugin {
  let config: ResolvedConfig;
  const single = (file: SingleFile) => build(singleFile(file, config.build.outDir, config.build.sourcemap));
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
      // First, while the folder holds the demo alone.
      const shell = shellOf(resolve(config.root, config.build.outDir), config.build.assetsDir);
      const define = { "self.__WB_MANIFEST": JSON.stringify(shell) };
      await single({ entry: "sw/sw.ts", fileName: "sw.js", name: "EddySw", define });
      await single(WORKER_SCRIPT);
      await single(VALIDATE_SCRIPT);
      await single(ORIGIN_WORKER_SCRIPT);
      await single(ORIGIN_PRODUCER_SCRIPT);
      await build({ ...cliConfig, configFile: false });
    },
  };
}

/**
 * The signalling relay on the demo's own origin, in development and in the preview: no second port to open, and what is reached
 * over HTTPS is signalled over WSS. A site of its own runs `npx eddy-hls signal`.
 */
function signalling(): Plugin {
  const path = "/eddy-signal";
  return {
    name: "eddy-signalling",
    configureServer({ httpServer }) {
      if (httpServer !== null) attachSignal(httpServer, path);
    },
    configurePreviewServer({ httpServer }) {
      attachSignal(httpServer, path);
    },
  };
}

export default defineConfig({
  resolve: { alias },
  plugins: [serviceWorker(), signalling()],
  build: { target: "es2022", sourcemap: true },
  worker: { format: "es" },
  // The worker's too, found before it asks: it cannot be reloaded when one is found late.
  optimizeDeps: { entries: ["index.html", "sw/sw.ts"] },
  // One port, or a clear failure: a second server on another port would be another origin with an empty relay.
  server: { port: 5173, strictPort: true },
  preview: { port: 4173, strictPort: true },
});
