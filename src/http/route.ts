import { RelayError } from "../model/errors.ts";
import { isName } from "../model/ids.ts";
import type { MediaExtension } from "../model/rendition-options.ts";

/** What a URL under the base names. */
export type Route =
  | { readonly kind: "stats" }
  | { readonly kind: "multivariant"; readonly stream: string; readonly dvr?: true }
  | { readonly kind: "media"; readonly stream: string; readonly rendition: string; readonly dvr?: true }
  | { readonly kind: "clip"; readonly stream: string }
  | {
      readonly kind: "init" | "part" | "segment";
      readonly stream: string;
      readonly rendition: string;
      readonly epoch: string;
      readonly number: number;
      readonly extension: MediaExtension;
    };

const FILE = /^(init|part|seg)-(\d{1,15})\.(mp4|ts|vtt)$/;
const KIND = { init: "init", part: "part", seg: "segment" } as const;

/**
 * Reads a path below the base, as it stands in a URL.
 * Returns undefined for a path that nothing is ever served at.
 * @throws RelayError `malformed-path` when its percent-encoding is broken
 */
export function parseRoute(path: string): Route | undefined {
  const [first, second, third, fourth, ...more] = path.split("/").map(decode);
  if (first === undefined || more.length > 0) return undefined;
  if (second === undefined) return first === "stats.json" ? { kind: "stats" } : undefined;
  if (!isName(first)) return undefined;
  if (third === undefined) {
    if (second === "clip.mp4") return { kind: "clip", stream: first };
    if (second === "dvr.m3u8") return { kind: "multivariant", stream: first, dvr: true };
    return second === "main.m3u8" ? { kind: "multivariant", stream: first } : undefined;
  }
  if (!isName(second)) return undefined;
  if (fourth === undefined) {
    if (third === "dvr.m3u8") return { kind: "media", stream: first, rendition: second, dvr: true };
    return third === "media.m3u8" ? { kind: "media", stream: first, rendition: second } : undefined;
  }
  const file = FILE.exec(fourth);
  if (file === null) return undefined;
  const kind = KIND[file[1] as keyof typeof KIND];
  const extension = file[3] as MediaExtension;
  if (kind === "init" && extension !== "mp4") return undefined;
  return { kind, stream: first, rendition: second, epoch: third, number: Number(file[2]), extension };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new RelayError("malformed-path", `expected percent-encoded UTF-8, got ${segment.slice(0, 80)}`, { cause });
  }
}
