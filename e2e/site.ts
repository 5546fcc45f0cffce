import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

/** A site of its own, which can go down: the network that is gone. */
export interface Site {
  readonly url: string;
  /** Paths that were answered with a file, in order. */
  readonly served: readonly string[];
  close(): void;
}

export interface SiteOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** These stand before the files of the build. */
  readonly files?: ReadonlyMap<string, string | Buffer>;
  /** Answers in the place of any file, when it likes. */
  readonly answer?: (path: string) => Promise<string> | undefined;
}

/** Serves the build. */
export async function serveBuild(options: SiteOptions = {}): Promise<Site> {
  const served: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site.test");
    const path = pathname === "/" ? "/index.html" : normalize(pathname);
    const answer = options.answer?.(path);
    if (answer !== undefined) {
      response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-store" }).end(await answer);
      return;
    }
    try {
      const body = options.files?.get(path) ?? (await readFile(join("dist", path)));
      served.push(path);
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "localhost", resolve));
  return {
    served,
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
