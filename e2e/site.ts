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
  close(): void;
}

/** Serves the build, on a port of its own unless one is given; `files` stand before those of the build. */
export async function serveBuild(
  options: { readonly port?: number; readonly files?: ReadonlyMap<string, string | Buffer> } = {},
): Promise<Site> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site.test");
    const path = pathname === "/" ? "/index.html" : normalize(pathname);
    try {
      const body = options.files?.get(path) ?? (await readFile(join("dist", path)));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
