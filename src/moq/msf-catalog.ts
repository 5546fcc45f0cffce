import { decode, encode, type Catalog as MsfCatalog } from "@moq/msf";
import type { Bytes } from "../model/bytes.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { buildCatalog, type Catalog, encodeBase64, malformedCatalog, parseJson } from "./catalog.ts";

/** Where an MSF catalog is found (draft-ietf-moq-msf). */
export const MSF_CATALOG_TRACK = "catalog";
/** How tracks of ours are listed that hold no media: other readers leave out what they do not know. */
const CARD_PACKAGING = "eddy-card";
const HEADERS_PACKAGING = "eddy-headers";
export const CARD_TRACK = "card";

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

/** Reads an MSF catalog. @throws RelayError `relay-malformed` */
export function readMsfCatalog(bytes: Bytes): Catalog {
  // The package's own reader writes what it cannot read to the console, whole: what is no JSON does not get there.
  parseJson(bytes);
  let tracks: MsfCatalog["tracks"];
  try {
    ({ tracks } = decode(bytes));
  } catch (cause) {
    throw malformedCatalog("expected that of MSF (draft-ietf-moq-msf), got other JSON", cause);
  }
  const names = new Set(tracks.filter(({ packaging }) => packaging === HEADERS_PACKAGING).map(({ name }) => name));
  const card = tracks.find(({ packaging }) => packaging === CARD_PACKAGING)?.name;
  const isMedia = ({ packaging }: MsfCatalog["tracks"][number]): boolean => packaging === "cmaf";
  const isOurs = (packaging: string): boolean => packaging === CARD_PACKAGING || packaging === HEADERS_PACKAGING;
  const skipped = tracks
    .filter((track) => !isMedia(track) && !isOurs(track.packaging))
    .map(({ name, packaging }) => `"${name.slice(0, 40)}": expected packaging cmaf, got ${packaging.slice(0, 40)}`);
  const media = tracks.filter(isMedia).map(({ name, initData, bitrate, width, height, framerate }) => ({
    name,
    initData,
    bitrate,
    width,
    height,
    frameRate: framerate,
    ...(names.has(headersTrack(name)) ? { headers: headersTrack(name) } : {}),
  }));
  return buildCatalog(media, skipped, card);
}
