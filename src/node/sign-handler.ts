import type { Match } from "../http/handler.ts";
import { STATUS_ELSEWHERE, statusOf } from "../http/status.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { MAX_PARTS_PER_SEGMENT, type PartKey } from "../model/part-header.ts";
import type { OriginSigner } from "./origin-signer.ts";

/** A header never changes, and its epoch is in the URL of whoever wants to keep it. */
const IMMUTABLE = "public, max-age=31536000, immutable";
/** Without: another epoch may use its number, but a crowd that asks at once is answered once. */
const SHORT = "public, max-age=2";
const NEVER_STORED = "no-store";
const HEADER = /^\/(\d{1,2})\/(\d{1,15})-(\d{1,4})$/;

/**
 * Serves what an `OriginSigner` signs: `card`, and `<rendition>/<msn>-<part>` for headers, which wait for their part. `?epoch=` says which
 * one is meant; then the answer may be kept for ever.
 */
export function createSignMatch(signer: OriginSigner): Match {
  return (request) => answer(signer, request).catch((thrown: unknown) => failure(RelayError.from(thrown)));
}

async function answer(signer: OriginSigner, request: Request): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new RelayError("method-not-allowed", `expected GET or HEAD, got ${request.method}`);
  }
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/card") return found(request, await signer.card, NEVER_STORED);
  const key = keyOf(pathname);
  if (key === undefined) throw new RelayError("media-not-found", `nothing is served at ${pathname.slice(0, 200)}`);
  const epoch = searchParams.get("epoch");
  const isOther = epoch !== null && epoch !== signer.epoch;
  const header = isOther ? undefined : await signer.header(key, request.signal);
  if (header !== undefined) return found(request, header, epoch === null ? SHORT : IMMUTABLE);
  throw new RelayError("media-not-found", `no header of ${pathname}: gone, not signed, or of another epoch`);
}

function keyOf(pathname: string): PartKey | undefined {
  const [, rendition, msn, part] = (HEADER.exec(pathname) ?? []).map(Number);
  if (rendition === undefined || msn === undefined || part === undefined || part >= MAX_PARTS_PER_SEGMENT)
    return undefined;
  return { rendition, msn, part };
}

function found(request: Request, bytes: Bytes, cacheControl: string): Response {
  const headers = headersOf("application/octet-stream", cacheControl);
  headers["content-length"] = String(bytes.byteLength);
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

function failure(error: RelayError): Response {
  const headers = headersOf("text/plain; charset=utf-8", NEVER_STORED);
  const status = STATUS_ELSEWHERE[error.code] ?? statusOf(error.code);
  if (status === 405) headers.allow = "GET, HEAD";
  if (status === 503) headers["retry-after"] = "1";
  return new Response(`${error.code}: ${error.message}\n`, { status, headers });
}

/** Anybody may read: what is signed is public, and says nothing that the origin's playlists do not. */
function headersOf(type: string, cacheControl: string): Record<string, string> {
  return { "content-type": type, "cache-control": cacheControl, "access-control-allow-origin": "*" };
}
