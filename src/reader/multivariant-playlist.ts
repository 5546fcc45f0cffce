import { type Attributes, readAttributes } from "./attributes.ts";
import { resolveUri } from "./exchange.ts";

/** One Media Playlist that a Multivariant Playlist names. */
export interface ListedRendition {
  /** How findings and the command line call it: the part of its URI that tells it from the others. */
  readonly id: string;
  /** Absolute. */
  readonly url: string;
  readonly kind: "variant" | "rendition";
  readonly attributes: Attributes;
}

const RENDITION_LIMIT = 32;
/** Folders of a path that are compared: a path of megabytes is nobody's. */
const MAX_FOLDERS = 64;

/** Whether a playlist is a Multivariant Playlist. */
export function isMultivariant(text: string): boolean {
  return /^#EXT-X-(STREAM-INF|MEDIA):/m.test(text);
}

/** The Media Playlists of a Multivariant Playlist, each once, at most 32. */
export function parseMultivariant(text: string, url: string): readonly ListedRendition[] {
  const found = new Map<string, Omit<ListedRendition, "id">>();
  // Millions of lines fit into a playlist, and a URL takes its time.
  const seen = new Map<string, string>();
  /** By URL: what is said of variants that are listed as renditions as well. */
  const both = new Map<string, Attributes>();
  // Renditions stand before the variants, as a rule: however many there are, there is a place for the first of these.
  let limit = RENDITION_LIMIT - 1;
  const add = (uri: string, kind: ListedRendition["kind"], attributes: Attributes): void => {
    if (kind === "variant") limit = RENDITION_LIMIT;
    const known = seen.get(uri);
    if (known === undefined && found.size >= limit) return;
    const absolute = known ?? resolveUri(uri, url);
    seen.set(uri, absolute);
    const before = found.get(absolute);
    if (before === undefined) found.set(absolute, { url: absolute, kind, attributes });
    else if (before.kind !== kind && !both.has(absolute)) both.set(absolute, attributes);
  };
  let variant: Attributes | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) variant = readAttributes(line.slice(18)).values;
    else if (line.startsWith("#EXT-X-MEDIA:")) {
      const attributes = readAttributes(line.slice(13)).values;
      const uri = attributes.get("URI");
      if (uri !== undefined) add(uri, "rendition", attributes);
    } else if (line.trim() !== "" && !line.startsWith("#")) {
      add(line.trim(), "variant", variant ?? new Map());
      variant = undefined;
    }
  }
  // What is sound alone may be listed twice (4.4.6.2.1): where there are no pictures, it is the variant.
  if (![...found.values()].some(({ kind }) => kind === "variant")) {
    for (const [absolute, attributes] of both) found.set(absolute, { url: absolute, kind: "variant", attributes });
  }
  return named([...found.values()]);
}

/** Names by what differs: the path without what all of them begin and end with. */
function named(renditions: readonly Omit<ListedRendition, "id">[]): readonly ListedRendition[] {
  const paths = renditions.map(({ url }) => new URL(url).pathname.split("/", MAX_FOLDERS));
  const shared = (at: (path: readonly string[], i: number) => string | undefined): number => {
    let count = 0;
    for (;;) {
      const parts = new Set(paths.map((path) => (count < path.length ? at(path, count) : undefined)));
      if (parts.size !== 1 || parts.has(undefined)) return count;
      count += 1;
    }
  };
  const start = shared((path, i) => path[i]);
  const end = shared((path, i) => path[path.length - 1 - i]);
  return renditions.map((rendition, i) => {
    const path = paths[i] ?? [];
    const own = path.slice(start, path.length - end).join("/");
    // One alone differs in nothing: its folder, or its file.
    return { ...rendition, id: own || path.at(-2) || path.at(-1) || rendition.url };
  });
}
