import { RelayError } from "../model/errors.ts";
import { isName } from "../model/ids.ts";
import { MIN_PART_TARGET_MS, type StreamOptions } from "../model/options.ts";
import { type RenditionKind, type RenditionOptions, resolveRenditions } from "../model/rendition-options.ts";
import { type Attributes, integerOf } from "../reader/attributes.ts";
import { hintOf, type MediaPlaylist } from "../reader/media-playlist.ts";
import type { ListedRendition } from "../reader/multivariant-playlist.ts";
import { listsParts } from "./part-feed.ts";
import { DEFAULT_TARGET_MS } from "./reload-plan.ts";

/** `mpegts` and `packed-audio` have no init segment. */
export type FollowedContainer = "fmp4" | "mpegts" | "packed-audio" | "webvtt";

/** One rendition of an origin, whether or not it is followed. */
export interface FollowedRendition {
  /** In the order of the Multivariant Playlist, which is the same for everybody: what keys call it. */
  readonly index: number;
  readonly options: RenditionOptions;
  /** Of its Media Playlist, absolute. */
  readonly url: string;
  readonly followed: boolean;
  /** Undefined until its first playlist has come. */
  readonly container: FollowedContainer | undefined;
  /**
   * Whether viewers may have it from each other: anything but subtitles, which nothing would tell from others' words, and but an origin
   * whose numbers are beyond what peers tell apart.
   */
  readonly shareable: boolean;
}

/** What an origin presents, as far as it can be published again. */
export interface Presentation {
  /** Of the playlist that was asked for. */
  readonly url: string;
  readonly renditions: readonly FollowedRendition[];
  /** Of what is followed, good for `relay.publish()`. */
  readonly stream: StreamOptions;
  /** Whether its parts are followed; whole segments else. */
  readonly isLowLatency: boolean;
}

const MAX_RENDITIONS = 16;
/** Of what does not say: what was published counts where it is more. */
const UNSTATED_BANDWIDTH = { variant: 1, audio: 128_000, subtitles: 1_000 } as const;
const MAX_TARGET_DURATION_MS = 60_000;

/** Codecs of sound: what a variant with sound beside it lists of that. */
const SOUND = /^(?:mp4a|opus|flac|ac-3|ec-3|ac-4)(?:\.|$)/i;
const TEXT = /^(?:wvtt|stpp)(?:\.|$)/i;

type Described = Pick<FollowedRendition, "options" | "url" | "shareable">;

/**
 * The renditions that a Multivariant Playlist lists, in its order and at most 16: each that has a playlist of its own. What is listed
 * of them and cannot be published again is left out. Subtitles of more than one group are those of the first.
 */
export function describeRenditions(listed: readonly ListedRendition[], url: string): readonly Described[] {
  const groups = audioCodecs(listed);
  const found: Described[] = [];
  let hasVariant = false;
  for (const rendition of listed) {
    if (found.length === MAX_RENDITIONS) break;
    const kind = kindOf(rendition);
    if (kind === undefined) continue;
    // However many renditions stand before it, there is a place for the first variant.
    hasVariant ||= kind === "variant";
    if (!hasVariant && found.length === MAX_RENDITIONS - 1) continue;
    const options = optionsOf(rendition, { kind, groups, before: found.map((one) => one.options) });
    if (options !== undefined) found.push({ options, url: rendition.url, shareable: kind !== "subtitles" });
  }
  if (found.some(({ options }) => kindIn(options) === "variant")) return found;
  throw new RelayError("origin-malformed", `${url}: expected a variant that can be followed, got none`);
}

const kindIn = ({ kind = "variant" }: RenditionOptions): RenditionKind => kind;

function kindOf({ kind, attributes }: ListedRendition): RenditionKind | undefined {
  if (kind === "variant") return "variant";
  const type = attributes.get("TYPE");
  return type === "AUDIO" ? "audio" : type === "SUBTITLES" ? "subtitles" : undefined;
}

/** Codecs of sound by audio group, as the variants that use it list them. */
function audioCodecs(listed: readonly ListedRendition[]): ReadonlyMap<string, readonly string[]> {
  const withPlaylist = new Set(
    listed.filter((one) => kindOf(one) === "audio").map(({ attributes }) => attributes.get("GROUP-ID")),
  );
  const groups = new Map<string, readonly string[]>();
  for (const { attributes } of listed) {
    const group = attributes.get("AUDIO");
    if (group === undefined || !withPlaylist.has(group) || groups.has(group)) continue;
    groups.set(
      group,
      codecsOf(attributes).filter((codec) => SOUND.test(codec)),
    );
  }
  return groups;
}

function codecsOf(attributes: Attributes): readonly string[] {
  return (attributes.get("CODECS") ?? "")
    .split(",")
    .map((codec) => codec.trim())
    .filter((codec) => codec !== "");
}

function optionsOf(
  { id, attributes }: ListedRendition,
  {
    kind,
    groups,
    before,
  }: {
    readonly kind: RenditionKind;
    readonly groups: ReadonlyMap<string, readonly string[]>;
    readonly before: readonly RenditionOptions[];
  },
): RenditionOptions | undefined {
  const group = nameOf(attributes.get("GROUP-ID") ?? kind);
  // Ours are in one group.
  const isOther = before.some((one) => one.kind === "subtitles" && one.group !== group);
  if (kind === "subtitles" && isOther) return undefined;
  const own: RenditionOptions = {
    id: uniqueName(id, before),
    bandwidth: UNSTATED_BANDWIDTH[kind],
    ...(kind === "variant" ? {} : { kind, group }),
  };
  const asked =
    kind === "variant" ? variantDetails(attributes, groups) : besideDetails(attributes, own, { groups, before });
  // One detail that cannot be listed again must not cost the rendition.
  let options = own;
  for (const [name, value] of Object.entries(asked)) {
    const more = { ...options, [name]: value };
    if (isListable(more)) options = more;
  }
  return options;
}

function variantDetails(
  attributes: Attributes,
  groups: ReadonlyMap<string, readonly string[]>,
): Partial<RenditionOptions> {
  const isBeside = groups.has(attributes.get("AUDIO") ?? "");
  const codecs = codecsOf(attributes).filter((codec) => !TEXT.test(codec) && !(isBeside && SOUND.test(codec)));
  const [width, height] = (attributes.get("RESOLUTION") ?? "").split("x").map(integerOf);
  const frameRate = Number(attributes.get("FRAME-RATE") ?? Number.NaN);
  const videoRange = attributes.get("VIDEO-RANGE") as RenditionOptions["videoRange"];
  const bandwidth = integerOf(attributes.get("BANDWIDTH"));
  return {
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...(codecs.length === 0 ? {} : { codecs: codecs.join(",") }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(Number.isNaN(frameRate) ? {} : { frameRate }),
    ...(videoRange === undefined ? {} : { videoRange }),
  };
}

function besideDetails(
  attributes: Attributes,
  { id, kind, group }: RenditionOptions,
  {
    groups,
    before,
  }: { readonly groups: ReadonlyMap<string, readonly string[]>; readonly before: readonly RenditionOptions[] },
): Partial<RenditionOptions> {
  const language = attributes.get("LANGUAGE");
  const channels = attributes.get("CHANNELS");
  const codecs = groups.get(attributes.get("GROUP-ID") ?? "") ?? [];
  const beside = before.filter((one) => one.kind === kind && one.group === group);
  // 4.4.6.1.1: names differ within a group, and one of it at most is the default.
  const isFree = (name: string): boolean => !beside.some((one) => (one.name ?? one.id) === name);
  const name = [attributes.get("NAME") ?? id, id, `${id} (${before.length})`].find(isFree);
  const isDefault = attributes.get("DEFAULT") === "YES" && !beside.some((one) => one.default === true);
  return {
    ...(name === undefined ? {} : { name }),
    ...(language === undefined ? {} : { language }),
    ...(isDefault ? { default: true } : {}),
    ...(kind === "audio" && codecs.length > 0 ? { codecs: codecs.join(",") } : {}),
    ...(kind === "audio" && channels !== undefined ? { channels } : {}),
  };
}

function isListable(options: RenditionOptions): boolean {
  try {
    resolveRenditions(kindIn(options) === "variant" ? [options] : [{ id: "variant-", bandwidth: 1 }, options]);
    return true;
  } catch {
    return false;
  }
}

/** What may name a rendition or a group of ours, as near as can be. */
function nameOf(text: string): string {
  const name = text
    .replace(/\.m3u8$/i, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 60);
  // Nothing that can stand in a name, or a path.
  return isName(name) ? name : `r${text.length}`;
}

function uniqueName(text: string, before: readonly RenditionOptions[]): string {
  const name = nameOf(text);
  const taken = new Set(before.map(({ id }) => id));
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** How a stream is cut that lists again what an origin lists, as its first playlists show it. */
export function streamOptions(
  renditions: readonly RenditionOptions[],
  playlists: readonly MediaPlaylist[],
): StreamOptions {
  const isLowLatency = playlists.some(listsParts);
  const targetMs = Math.max(...playlists.map(({ targetDurationMs }) => targetDurationMs ?? DEFAULT_TARGET_MS));
  const closedMs = playlists.flatMap(({ segments }) =>
    segments.filter(({ gap }) => !gap).map((one) => one.durationMs ?? 0),
  );
  // 4.4.3.1: an EXTINF is rounded before it is held against the target, so media may last half a second more.
  const longestMs = isLowLatency ? Math.max(targetMs, ...closedMs) : targetMs + 500;
  // Both are limits from above, so that what is too little may be declared as more.
  const targetDurationMs = Math.min(MAX_TARGET_DURATION_MS, Math.max(MIN_PART_TARGET_MS, longestMs));
  const declaredMs = Math.max(MIN_PART_TARGET_MS, ...playlists.map((playlist) => playlist.partTargetMs ?? 0));
  const partTargetMs = isLowLatency ? Math.min(targetDurationMs, declaredMs) : targetDurationMs;
  // At the first key frame after it a segment closes: the shortest of theirs, less what a part may be off.
  const shortestMs = closedMs.length === 0 ? 1_500 : Math.min(...closedMs);
  const segmentMinMs = isLowLatency ? Math.max(0, Math.min(shortestMs, targetMs) - partTargetMs / 2) : 0;
  return { renditions, partTargetMs, targetDurationMs, segmentMinMs };
}

/**
 * The renditions with what a relay must know of their containers. An origin has one for all: so those that this follower did not look into
 * are as those that it did, and everybody describes them alike, whatever they follow.
 */
export function publishable<T extends { readonly options: RenditionOptions }>(
  described: readonly T[],
  containers: ReadonlyMap<number, FollowedContainer>,
): readonly T[] {
  const all = [...containers.values()];
  const common = all.includes("mpegts") && !all.includes("fmp4") ? "mpegts" : undefined;
  return described.map((one, index) => {
    const container = containers.get(index) ?? common;
    if (container !== "mpegts" || one.options.kind === "subtitles") return one;
    return { ...one, options: { ...one.options, container } };
  });
}

const PACKED_AUDIO = /\.(?:aac|mp3|ac3|ec3)$/i;

export function containerOf(kind: RenditionKind | undefined, playlist: MediaPlaylist): FollowedContainer {
  const last = playlist.open ?? playlist.segments.at(-1);
  if (kind === "subtitles") return "webvtt";
  // Before anything is listed, a MAP may stand there or be hinted, and the first part too.
  const isMapped = last === undefined && (playlist.tags.has("EXT-X-MAP") || hintOf(playlist, "MAP") !== undefined);
  if (last?.map !== undefined || isMapped) return "fmp4";
  const hinted = last === undefined ? hintOf(playlist, "PART")?.values.get("URI") : undefined;
  const path = (last?.resource?.uri ?? last?.parts[0]?.uri ?? hinted ?? "").split(/[?#]/)[0] ?? "";
  if (PACKED_AUDIO.test(path)) return "packed-audio";
  // 3.1.2: what has no MAP is that, unless its name says otherwise.
  return /\.(?:mp4|m4[asv]|cmf[av])$/i.test(path) ? "fmp4" : "mpegts";
}
