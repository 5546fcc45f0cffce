import type { Bytes } from "../model/bytes.ts";
import { buildCatalog, type Catalog, malformedCatalog, parseJson, type RawTrack } from "./catalog.ts";

/** Where a hang catalog is found. */
export const HANG_CATALOG_TRACK = "catalog.json";
/** A patch that goes deeper is none of a catalog's. */
const MAX_DEPTH = 16;
const MAX_LISTED = 128;

type Json = { readonly [key: string]: unknown };

/**
 * Reads hang catalogs, as moq-dev's tools write them. The first object of a group is the whole catalog, those after it in the group are
 * merge patches (RFC 7396). Only renditions in a CMAF container can be played here: others hold no movie fragments.
 */
export class HangCatalogReader {
  #group: number | undefined;
  #value: unknown;

  /** @throws RelayError `relay-malformed`; the catalog that was read before stands */
  read(bytes: Bytes, group: number): Catalog {
    const json = parseJson(bytes);
    const value = group === this.#group ? patched(this.#value, json, 0) : json;
    const catalog = catalogOf(value);
    this.#group = group;
    this.#value = value;
    return catalog;
  }
}

function catalogOf(value: unknown): Catalog {
  if (!isObject(value))
    throw malformedCatalog(`expected an object, got ${Array.isArray(value) ? "a list" : typeof value}`);
  const skipped: string[] = [];
  const tracks = [...renditions(value.video, skipped), ...renditions(value.audio, skipped)];
  return buildCatalog(tracks, skipped);
}

function renditions(section: unknown, skipped: string[]): RawTrack[] {
  if (!isObject(section) || !isObject(section.renditions)) return [];
  return Object.entries(section.renditions)
    .slice(0, MAX_LISTED)
    .flatMap(([name, config]): RawTrack[] => {
      if (!isObject(config)) return [];
      const container = isObject(config.container) ? config.container : { kind: "legacy" };
      const elsewhere = config.broadcast !== undefined && config.broadcast !== "";
      if (container.kind !== "cmaf" || elsewhere) {
        const got = elsewhere ? "one of another broadcast" : String(container.kind).slice(0, 40);
        skipped.push(`"${name.slice(0, 40)}": expected a cmaf container, got ${got}`);
        return [];
      }
      const { bitrate, codedWidth, codedHeight, framerate } = config;
      return [
        { name, initData: container.init, bitrate, width: codedWidth, height: codedHeight, frameRate: framerate },
      ];
    });
}

/** RFC 7396. */
function patched(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw malformedCatalog(`expected a patch at most ${MAX_DEPTH} deep`);
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, patched(merged.get(key), value, depth + 1));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
