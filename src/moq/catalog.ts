import { MAX_INIT_BYTES, parseInitSegment } from "../media/init-segment.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { isName } from "../model/ids.ts";
import { MAX_RENDITIONS, type RenditionOptions } from "../model/rendition-options.ts";

/** A catalog of sixteen renditions with their init segments takes some 50 KB. */
export const MAX_CATALOG_BYTES = 1024 * 1024;
/** Tracks of a catalog that are looked at. */
const MAX_TRACKS = 64;
const MAX_TRACK_NAME = 256;
/** What is declared of a track whose catalog does not say its bit rate; what comes counts where it is more. */
const DEFAULT_BANDWIDTH = { video: 1_000_000, audio: 96_000 } as const;

/** What a catalog says of one track of media. Bounded and checked. */
export interface CatalogTrack {
  /** As it is subscribed to. */
  readonly name: string;
  /** ftyp and moov. */
  readonly init: Bytes;
  /** How it is listed. The id is made of the track's name. */
  readonly rendition: RenditionOptions;
  /** The track of its signed headers, where the publisher is one of ours. */
  readonly headers?: string;
}

/** A catalog, whichever format it came in. */
export interface Catalog {
  /** In the order of the catalog: variants, and sound beside them. */
  readonly tracks: readonly CatalogTrack[];
  /** The track of the signed card, where the publisher is one of ours. */
  readonly card?: string;
  /** What was left out, and why. */
  readonly skipped: readonly string[];
}

/** What the reader of a format found of a track. Nothing of it is checked. */
export interface RawTrack {
  readonly name: unknown;
  /** Base64 of ftyp and moov. */
  readonly initData: unknown;
  readonly bitrate?: unknown;
  readonly width?: unknown;
  readonly height?: unknown;
  readonly frameRate?: unknown;
  readonly headers?: string;
}

/** A catalog that cannot be used. What plays goes on. */
export function malformedCatalog(message: string, cause?: unknown): RelayError {
  return new RelayError("relay-malformed", `catalog: ${message}`, cause === undefined ? undefined : { cause });
}

/**
 * Makes a presentation of what a format's reader found: pictures, with or without sound, are variants; sound alone is beside them,
 * or a variant where there are no pictures.
 * @throws RelayError `relay-malformed` where nothing is left that can be played
 */
export function buildCatalog(raw: readonly RawTrack[], skippedBefore: readonly string[], card?: string): Catalog {
  const skipped = [...skippedBefore];
  const read = raw.slice(0, MAX_TRACKS).flatMap((track) => {
    try {
      return [readTrack(track)];
    } catch (thrown) {
      skipped.push(`${shownName(track.name)}: ${RelayError.from(thrown).message}`);
      return [];
    }
  });
  const hasPictures = read.some(({ kind }) => kind === "video");
  const firstSound = read.find(({ kind }) => kind === "audio");
  const ids = new Set<string>();
  const tracks = read.slice(0, MAX_RENDITIONS).map((track): CatalogTrack => {
    const { name, init, kind, options, headers } = track;
    const beside = kind === "audio" && hasPictures ? { kind, default: track === firstSound } : {};
    const rendition = { id: freeId(name, ids), ...options, ...beside };
    return { name, init, rendition, ...(headers === undefined ? {} : { headers }) };
  });
  if (tracks.length === 0) {
    const why = skipped.length === 0 ? "it lists none" : skipped.slice(0, 4).join("; ");
    throw malformedCatalog(`expected a track of CMAF, got none: ${why}`);
  }
  return { tracks, skipped, ...(card === undefined ? {} : { card }) };
}

interface ReadTrack {
  readonly name: string;
  readonly init: Bytes;
  readonly kind: "video" | "audio";
  readonly options: Omit<RenditionOptions, "id">;
  readonly headers?: string;
}

function readTrack({ name, initData, bitrate, width, height, frameRate, headers }: RawTrack): ReadTrack {
  if (typeof name !== "string" || name.length < 1 || name.length > MAX_TRACK_NAME) {
    throw malformedCatalog(`name: expected 1 to ${MAX_TRACK_NAME} characters, got ${shownName(name)}`);
  }
  const init = decodeBase64(initData);
  const { primary } = parseInitSegment(init);
  const kind = primary.kind === "video" ? "video" : "audio";
  const picture =
    kind === "video"
      ? { ...number("width", width, 1, 65_535), ...number("height", height, 1, 65_535), ...rate(frameRate) }
      : {};
  const { bandwidth = DEFAULT_BANDWIDTH[kind] } = number("bandwidth", bitrate, 1, 1e12);
  return { name, init, kind, options: { bandwidth, ...picture }, ...(headers === undefined ? {} : { headers }) };
}

function number<Name extends "width" | "height" | "bandwidth" | "frameRate">(
  name: Name,
  value: unknown,
  min: number,
  max: number,
): { readonly [key in Name]?: number } {
  // A figure that is odd is not worth a track: what the media says holds.
  if (typeof value !== "number" || !(value >= min && value <= max)) return {};
  return { [name]: value } as { readonly [key in Name]?: number };
}

function rate(value: unknown): { readonly frameRate?: number } {
  return number("frameRate", value, 0.1, 1_000);
}

/** @throws RelayError `relay-malformed` */
function decodeBase64(text: unknown): Bytes {
  if (typeof text !== "string" || text.length === 0) throw malformedCatalog("init: expected base64, got none");
  if (text.length > Math.ceil(MAX_INIT_BYTES / 3) * 4) {
    throw malformedCatalog(`init: expected at most ${MAX_INIT_BYTES} bytes, got ${text.length} characters`);
  }
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw malformedCatalog("init: expected base64, got something else", cause);
  }
}

export function encodeBase64(bytes: Bytes): string {
  let text = "";
  for (let at = 0; at < bytes.byteLength; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Names of tracks may be anything, such as `video/hd`; ids of renditions stand in URLs. */
function freeId(name: string, taken: Set<string>): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 60);
  const base = isName(plain) ? plain : "track";
  for (let count = 1; ; count++) {
    const id = count === 1 ? base : `${base}-${count}`;
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

function shownName(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name.slice(0, 40)) : `a name that is ${typeof name}`;
}

/** @throws RelayError `relay-malformed` */
function checkCatalogSize(bytes: Bytes): void {
  if (bytes.byteLength <= MAX_CATALOG_BYTES) return;
  throw malformedCatalog(`expected at most ${MAX_CATALOG_BYTES} bytes, got ${bytes.byteLength}`);
}

/** @throws RelayError `relay-malformed` */
export function parseJson(bytes: Bytes): unknown {
  checkCatalogSize(bytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformedCatalog("expected JSON in UTF-8, got something else", cause);
  }
}
