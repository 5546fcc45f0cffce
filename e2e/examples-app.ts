import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preview } from "vite";
import { pack } from "../scripts/packed.mjs";
import { run } from "../scripts/run.mjs";
import { attachSignal } from "../src/node/signal-server.ts";

/** The examples as a person has them who copied the folder. */
export interface ExamplesApp {
  /** With a slash at the end. */
  readonly url: string;
  /** The server goes, and every connection with it: the network that is gone. */
  down(): Promise<void>;
  close(): Promise<void>;
}

/** Outside the tree: installs the packed package and what else the examples name, checks their types, builds and serves them. */
export async function serveExamples(): Promise<ExamplesApp> {
  const folder = mkdtempSync(join(tmpdir(), "eddy-examples-"));
  const app = { cwd: folder };
  try {
    cpSync("examples", folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    manifest.dependencies["eddy-hls"] = pack();
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    // Vite, which other tests build with in this process, says `production` in the environment: nothing to develop with would come.
    run("npm", ["install", "--include=dev", "--prefer-offline", "--no-audit", "--no-fund"], app);
    withoutBundler(folder);
    run("npm", ["run", "build"], app);
    const server = await preview({ root: folder, logLevel: "error", preview: { port: 0, host: "localhost" } });
    attachSignal(server.httpServer, "/eddy-signal");
    const down = async (): Promise<void> => {
      if ("closeAllConnections" in server.httpServer) server.httpServer.closeAllConnections();
      if (server.httpServer.listening) await server.close();
    };
    return {
      url: server.resolvedUrls?.local[0] ?? "",
      down,
      async close() {
        await down();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** What any web server would serve: the page and its worker as they are, and the files of two packages beside them. */
function withoutBundler(folder: string): void {
  const site = join(folder, "public/script");
  cpSync(join(folder, "script"), site, { recursive: true });
  rmSync(join(folder, "script"), { recursive: true });
  cpSync(join(folder, "node_modules/eddy-hls/lib"), join(site, "eddy-hls"), { recursive: true });
  cpSync(join(folder, "node_modules/hls.js/dist/hls.min.js"), join(site, "hls.min.js"));
}
