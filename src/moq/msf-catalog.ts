import { encode, type Catalog as MsfCatalog } from "@moq/msf";
import type { Bytes } from "../model/bytes.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { buildCatalog, type Catalog, encodeBase64, malformedCatalog, parseJson } from "./catalog.ts";

/** Where an MSF catalog is found (draft-ietf-moq-msf). */
export const MSF_CATALOG_TRACK = "catalog";
/** How tracks of ours are listed that hold no media: other readers leave out what they do not know. */
const CARD_PACKAGING = "eddy-card";
const HEADERS_PACKAGING = "eddy-headers";
export const CARD_TRACK = "card";
/** Tracks of a catalog that are looked at. */
const MAX_LISTED = 128;

/** The track of signed headers beside one of media. */
export function headersTrack(media: string): string {
  return `${media}.headers`;
}

/** One rendition as a publisher of ours lists it. */
export interface PublishedTrack {
  readonly rendition: RenditionOptions;
  /** Undefined until it is known: the rendition is listed from then on. */
  readonly init: Bytes | undefined;
}

/**
 * Writes an MSF catalog with CMAF packaging: one track for each rendition, named as it is, its init segment, and beside each the track
 * of its signed headers.
 * @see draft-ietf-moq-msf; draft-ietf-moq-cmsf
 */
export function writeMsfCatalog(tracks: readonly PublishedTrack[]): Bytes {
  const listed = tracks.flatMap(({ rendition, init }): MsfCatalog["tracks"] => {
    if (init === undefined) return [];
    const { id, codecs, bandwidth, width, height, frameRate, kind } = rendition;
    const isSound =
      kind === "audio" || (width === undefined && codecs !== undefined && !/avc|hvc|hev|vp0|av01/.test(codecs));
    const media = {
      name: id,
      packaging: "cmaf",
      isLive: true,
      role: isSound ? "audio" : "video",
      bitrate: bandwidth,
      // What plays together; alternatives share a group as well.
      renderGroup: 1,
      ...(isSound ? {} : { altGroup: 1 }),
      // Each group opens with a picture that needs none before it.
      maxGrpSapStartingType: 1,
      ...(codecs === undefined ? {} : { codec: codecs }),
      ...(width === undefined ? {} : { width }),
      ...(height === undefined ? {} : { height }),
      ...(frameRate === undefined ? {} : { framerate: frameRate }),
      initData: encodeBase64(init),
    };
    return [media, { name: headersTrack(id), packaging: HEADERS_PACKAGING, isLive: true }];
  });
  return new Uint8Array(encode({ tracks: [...listed, { name: CARD_TRACK, packaging: CARD_PACKAGING, isLive: true }] }));
}

/** A track as a catalog has it: anything. */
type Listed = Readonly<Record<string, unknown>>;

/**
 * Reads an MSF catalog. Not by the package's own reader: that writes what it cannot read to the console, whole, and what it is given is
 * whatever a relay sends.
 * @throws RelayError `relay-malformed`
 */
export function readMsfCatalog(bytes: Bytes): Catalog {
  const { tracks, inits } = readWire(parseJson(bytes));
  const names = new Set(tracks.filter(({ packaging }) => packaging === HEADERS_PACKAGING).map(({ name }) => name));
  const card = tracks.find(({ packaging }) => packaging === CARD_PACKAGING)?.name;
  const isMedia = ({ packaging }: Listed): boolean => packaging === "cmaf";
  const isOurs = ({ packaging }: Listed): boolean => packaging === CARD_PACKAGING || packaging === HEADERS_PACKAGING;
  const skipped = tracks
    .filter((track) => !isMedia(track) && !isOurs(track))
    .map(({ name, packaging }) => `${shown(name)}: expected packaging cmaf, got ${String(packaging).slice(0, 40)}`);
  const media = tracks.filter(isMedia).map(({ name, initData, initRef, bitrate, width, height, framerate }) => ({
    name,
    // Draft 01 has them in a list of their own.
    initData: initData ?? inits.get(initRef),
    bitrate,
    width,
    height,
    frameRate: framerate,
    ...(typeof name === "string" && names.has(headersTrack(name)) ? { headers: headersTrack(name) } : {}),
  }));
  return buildCatalog(media, skipped, typeof card === "string" ? card : undefined);
}

/** Its tracks, and the init segments that they refer to. */
function readWire(value: unknown): {
  readonly tracks: readonly Listed[];
  readonly inits: ReadonlyMap<unknown, unknown>;
} {
  const { version, tracks, initDataList = [] } = isObject(value) ? value : {};
  if ((version !== 1 && typeof version !== "string") || !Array.isArray(tracks) || !Array.isArray(initDataList)) {
    throw malformedCatalog("expected that of MSF (draft-ietf-moq-msf), got other JSON");
  }
  const inits = initDataList.slice(0, MAX_LISTED).filter(isObject);
  return {
    tracks: tracks.slice(0, MAX_LISTED).filter(isObject),
    inits: new Map(inits.filter(({ type }) => type === "inline").map(({ id, data }) => [id, data])),
  };
}

function isObject(value: unknown): value is Listed {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(name: unknown): string {
  return typeof name === "string" ? `"${name.slice(0, 40)}"` : `a name that is ${typeof name}`;
}
