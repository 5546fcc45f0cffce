import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type InlineConfig, type Plugin } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Of a worker that is no file: where its imports are resolved from. */
const SOURCE = here("../../site-worker.ts");
const PAGE = "e2e/beside/page/beside.html";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
};

export type Files = ReadonlyMap<string, string>;
type Headers = Readonly<Record<string, string>>;

const common: InlineConfig = {
  configFile: false,
  root: here("../.."),
  logLevel: "error",
  publicDir: false,
  // So that one build may stand at any path.
  base: "./",
  define: { "process.env.NODE_ENV": '"production"' },
  resolve: {
    alias: {
      "eddy-hls/worker": here("../../sw/index.ts"),
      "eddy-hls/core": here("../../src/core.ts"),
      "eddy-hls": here("../../src/page/index.ts"),
    },
  },
};

/** A release whose messages are of another version. */
const otherVersion: Plugin = {
  name: "another-version",
  transform(code, id) {
    if (!id.endsWith("/src/wire/messages.ts")) return undefined;
    const changed = code.replace(
      /WIRE_VERSION = (\d+)/,
      (_, version: string) => `WIRE_VERSION = ${Number(version) + 1}`,
    );
    if (changed === code) throw new Error("expected WIRE_VERSION in messages.ts");
    return { code: changed, map: null };
  },
};

let page: Promise<Files> | undefined;

/** The page of `page/beside.ts` with all that it loads, by paths from its folder: `index.html` and the rest. */
export function pageFiles(): Promise<Files> {
  page ??= bundlePage([]);
  return page;
}

/** The same as a release of another version would have it. */
export function otherPageFiles(): Promise<Files> {
  return bundlePage([otherVersion]);
}

async function bundlePage(plugins: readonly Plugin[]): Promise<Files> {
  const files = await bundle({
    ...common,
    plugins: [...plugins],
    worker: { format: "es", plugins: () => [...plugins] },
    build: { write: false, rolldownOptions: { input: here(`../../${PAGE}`) } },
  });
  const html = files.get(PAGE) ?? "";
  // The page stands at the top of its site, and its files beside it.
  return new Map([...files, ["index.html", html.replaceAll("../../../", "./")]]);
}

/** The library's own worker under a base, with all that it can do. */
export async function workerFile(base = "/live/"): Promise<string> {
  const options = `{ base: "${base}", dvr: EddyWorker.dvr(), diagnostics: EddyWorker.diagnostics() }`;
  return `${await readFile("dist/eddy-worker.js", "utf8")}\nEddyWorker.serveRelay(self, ${options});`;
}

export function otherWorkerFile(base: string): Promise<string> {
  const source = `import { dvr, serveRelay } from "eddy-hls/worker"; serveRelay(self, { base: "${base}", dvr: dvr() });`;
  return bundleWorker(source, {}, [otherVersion]);
}

/** A worker by its source, as a site's own build would make it. */
export async function bundleWorker(
  source: string,
  define: Readonly<Record<string, string>> = {},
  plugins: readonly Plugin[] = [],
): Promise<string> {
  const entry: Plugin = {
    name: "worker-by-source",
    resolveId: (id) => (id === SOURCE ? id : undefined),
    load: (id) => (id === SOURCE ? source : undefined),
  };
  const files = await bundle({
    ...common,
    define: { ...common.define, ...define },
    plugins: [entry, ...plugins],
    build: {
      write: false,
      lib: { entry: SOURCE, formats: ["iife"], name: "Worker", fileName: () => "sw.js" },
    },
  });
  return files.get("sw.js") ?? "";
}

async function bundle(config: InlineConfig): Promise<Files> {
  const built = [await build(config)].flat() as unknown as readonly {
    output: readonly { fileName: string; code?: string; source?: string | Uint8Array }[];
  }[];
  return new Map(
    built.flatMap(({ output }) => output).map(({ fileName, code, source }) => [fileName, code ?? String(source ?? "")]),
  );
}

/** Files under a path, by the whole path. The page is what the path itself answers with. */
export function under(path: string, files: Files): Files {
  return new Map([...files].map(([name, body]) => [name === "index.html" ? path : `${path}${name}`, body]));
}

export interface BesideSite {
  /** `http://localhost:<port>`. */
  readonly url: string;
  /** The same port under the address, which is another site to the browser. */
  readonly otherUrl: string;
  /** Bodies of what was posted, such as reports of violations. */
  readonly posted: readonly string[];
  readonly server: Server;
  close(): void;
}

export interface BesideOptions {
  readonly files: Files;
  /** Of each answer. */
  readonly headers?: (path: string) => Headers;
}

/** A small site on a port of its own. */
export async function serveBeside({ files, headers = () => ({}) }: BesideOptions): Promise<BesideSite> {
  const posted: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site.test");
    if (request.method === "POST") {
      posted.push(await bodyOf(request));
      response.writeHead(204).end();
      return;
    }
    const body = files.get(pathname);
    const type = TYPES[extname(pathname)] ?? "text/html";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type, ...headers(pathname) }).end(body);
  });
  // Both names, whichever of the two protocols each of them is.
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    otherUrl: `http://127.0.0.1:${port}`,
    posted,
    server,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** Blocks of code in a document, by the heading that they stand under and the language that they say. */
export async function codeIn(document: string, heading: string, language: string): Promise<readonly string[]> {
  const text = await readFile(document, "utf8");
  const section = text.split(/^## /m).find((one) => one.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${document}: expected a section "${heading}"`);
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, said]) => said === language)
    .map(([, , code = ""]) => code);
}
