// The HTTP server of the browser benchmark: its pages, its worker, and the contestant that has no worker at all.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { OUT_DIR } from "./build.mjs";

// Isolated pages have a clock of 5 us; others have one of 100 us.
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cache-control": "no-store",
};
const PAGE = '<!doctype html><meta charset="utf-8"><title>bench</title><body>';
/** @type {Map<number, Buffer>} */
const payloads = new Map();

/** @param {number} sizeBytes */
function payload(sizeBytes) {
  let bytes = payloads.get(sizeBytes);
  if (bytes === undefined) {
    bytes = Buffer.alloc(sizeBytes, 7);
    payloads.set(sizeBytes, bytes);
  }
  return bytes;
}

/**
 * Serves until it is closed. What pages post to `/api/<name>` goes to the handler of that name.
 * @param {number} port 0 for one that is free
 * @param {Record<string, (body: any) => unknown>} api
 */
export async function serveBench(port, api) {
  /** @type {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => Promise<unknown>} */
  const answer = async (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    /** @type {(type: string, body: Buffer | string) => unknown} */
    const send = (type, body) => {
      const length = Buffer.byteLength(body);
      response.writeHead(200, { ...ISOLATED, "content-type": type, "content-length": length }).end(body);
    };
    if (path.startsWith("/plain/")) return send("video/mp4", payload(Number(path.slice(7))));
    if (path === "/plain.html") return send("text/html", PAGE);
    if (path === "/bench/tab.html") return send("text/html", `${PAGE}<script src="/bench/page.js"></script>`);
    if (path === "/bench/page.js" || path === "/bench/worker.js") {
      return send("text/javascript", await readFile(`${OUT_DIR}/${path.slice(7)}`));
    }
    const handle = path.startsWith("/api/") ? api[path.slice(5)] : undefined;
    if (handle === undefined) return response.writeHead(404, ISOLATED).end();
    /** @type {Buffer[]} */
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    await handle(JSON.parse(Buffer.concat(chunks).toString("utf8")));
    return response.writeHead(204, ISOLATED).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://localhost:${address.port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
