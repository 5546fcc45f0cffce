import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type InlineConfig } from "vite";
import { type Site, serveBuild } from "./site.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const common: InlineConfig = {
  configFile: false,
  root: here(".."),
  logLevel: "warn",
  publicDir: false,
  resolve: {
    alias: {
      "eddy-hls/worker": here("../sw/index.ts"),
      "eddy-hls/core": here("../src/core.ts"),
      "eddy-hls": here("../src/page/index.ts"),
    },
  },
  define: { "process.env.NODE_ENV": '"production"' },
};

/** Path of the kit's page. */
export const KIT = "/e2e/kit/kit.html";

const bundled = new Map<string, Promise<ReadonlyMap<string, string | Buffer>>>();

export interface KitOptions {
  /** Paths of the pages beside the build. Default: the kit. */
  readonly pages?: readonly string[];
  /** Source of the worker, from this folder. Default: the demo's worker, as it is built. */
  readonly worker?: string;
  /** Or the options of the library's own worker, as its script says them: `{ dvr: EddyWorker.dvr() }`. */
  readonly serves?: string;
  readonly answer?: (path: string) => Promise<string> | undefined;
}

/** Serves the build with the kit beside it: a page that does for tests what the demo does for people. */
export async function serveKit(options: KitOptions = {}): Promise<Site> {
  const { pages = [KIT] } = options;
  const known = bundled.get(pages.join()) ?? bundlePages(pages);
  bundled.set(pages.join(), known);
  const files = new Map(await known);
  if (options.worker !== undefined) {
    const lib = { entry: here(options.worker), formats: ["iife" as const], name: "EddySw", fileName: () => "sw.js" };
    for (const [path, body] of await bundle({ ...common, build: { write: false, lib } })) files.set(path, body);
  }
  if (options.serves !== undefined) {
    const call = `EddyWorker.serveRelay(self, ${options.serves});`;
    files.set("/sw.js", `${await readFile("dist/eddy-worker.js", "utf8")}\n${call}`);
  }
  return serveBuild({ files, ...(options.answer === undefined ? {} : { answer: options.answer }) });
}

/** Builds pages by their paths from the root, with what they import: every file by the path that it is served at. */
export function bundlePages(
  pages: readonly string[],
  alias: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, string | Buffer>> {
  return bundle({
    ...common,
    resolve: { alias: { ...common.resolve?.alias, ...alias } },
    worker: { format: "es" },
    build: { write: false, rolldownOptions: { input: pages.map((page) => here(`..${page}`)) } },
  });
}

async function bundle(config: InlineConfig): Promise<ReadonlyMap<string, string | Buffer>> {
  const built = await build(config);
  const files = new Map<string, string | Buffer>();
  for (const { output } of [built].flat() as {
    output: readonly { fileName: string; code?: string; source?: string | Uint8Array }[];
  }[]) {
    for (const { fileName, code, source } of output) {
      const body = code ?? source ?? "";
      files.set(`/${fileName}`, typeof body === "string" ? body : Buffer.from(body));
    }
  }
  return files;
}
