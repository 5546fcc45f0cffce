import type { Bytes } from "../model/bytes.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { quoted, quotedText } from "./tags.ts";

/** One rendition as it is listed, with what is known of what was published. */
export interface ListedRendition extends RenditionOptions {
  /** Bits per second of what was published; absent until a segment has closed. */
  readonly measured?: { readonly peak: number; readonly average: number };
}

export interface MultivariantOptions {
  /** Whether every segment of every rendition starts with an independent frame. Default true. */
  readonly independentSegments?: boolean;
  /** Lines of EXT-X-SESSION-KEY. Default none. */
  readonly sessionKeys?: string;
  /** Which Media Playlist of each rendition is listed. Default `media.m3u8`. */
  readonly file?: "media.m3u8" | "dvr.m3u8";
}

/** Codecs of sound: a variant of these alone has nothing to put other sound beside. */
const SOUND = /^(?:mp4a|opus|flac|ac-3|ec-3|ac-4)(?:\.|$)/i;

/**
 * The Multivariant Playlist of a stream: audio and subtitles as groups, and each variant once for each audio group, in the
 * order given, since the first is what players start with. Renditions whose codecs are not known (yet) are left out.
 * The renditions must have been checked by `resolveStreamOptions`.
 *
 * @throws RelayError `invalid-option` for codecs or an id that cannot stand in a playlist
 * @see draft-pantos-hls-rfc8216bis-22, sections 4.4.6.1, 4.4.6.2
 */
export function renderMultivariant(renditions: readonly ListedRendition[], options: MultivariantOptions = {}): Bytes {
  const { independentSegments = true, sessionKeys = "", file = "media.m3u8" } = options;
  const known = renditions.filter(isKnown);
  const subtitles = known.filter(({ kind }) => kind === "subtitles");
  const audioGroups = groupsOf(known.filter(({ kind }) => kind === "audio"));
  // Section 8 asks for no version here; it is that of the Media Playlists, so that a player knows early what is to come.
  let text = "#EXTM3U\n#EXT-X-VERSION:6\n";
  // 4.4.2.1: it holds for every segment of every Media Playlist, so it goes once one does not.
  if (independentSegments) text += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  text += sessionKeys;
  for (const group of audioGroups.values()) for (const one of group) text += mediaTag("AUDIO", one, file);
  for (const one of subtitles) text += mediaTag("SUBTITLES", one, file);
  for (const variant of known) {
    if (variant.kind !== undefined && variant.kind !== "variant") continue;
    const takesAudio = variant.codecs === undefined || codecsOf(variant).some((codec) => !SOUND.test(codec));
    const groups = takesAudio ? [...audioGroups.values()] : [];
    if (groups.length === 0) text += streamInf(variant, { subtitles, file });
    for (const audio of groups) text += streamInf(variant, { audio, subtitles, file });
  }
  return new TextEncoder().encode(text) as Bytes;
}

/** Whether a rendition can be listed: a transport stream can without its codecs, which nobody reads. */
export function isKnown({ kind, codecs, container }: ListedRendition): boolean {
  return kind === "subtitles" || codecs !== undefined || container === "mpegts";
}

function groupsOf(renditions: readonly ListedRendition[]): Map<string, ListedRendition[]> {
  const groups = new Map<string, ListedRendition[]>();
  for (const rendition of renditions) {
    const group = rendition.group ?? "audio";
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [rendition]);
    else members.push(rendition);
  }
  return groups;
}

function codecsOf({ codecs = "" }: ListedRendition): string[] {
  return codecs
    .split(",")
    .map((codec) => codec.trim())
    .filter((codec) => codec !== "");
}

function mediaTag(type: "AUDIO" | "SUBTITLES", rendition: ListedRendition, file: string): string {
  const { id, group = type.toLowerCase(), name = id, language, channels } = rendition;
  // 4.4.6.1: a player may choose it by language; the default may be chosen without.
  return (
    `#EXT-X-MEDIA:TYPE=${type},GROUP-ID=${quoted("group", group)},NAME=${quotedText("name", name)}` +
    (language === undefined ? "" : `,LANGUAGE=${quoted("language", language)}`) +
    `,DEFAULT=${rendition.default === true ? "YES" : "NO"},AUTOSELECT=YES` +
    (channels === undefined || type !== "AUDIO" ? "" : `,CHANNELS=${quoted("channels", channels)}`) +
    `,URI=${quoted("id", `${id}/${file}`)}\n`
  );
}

interface Beside {
  readonly audio?: readonly ListedRendition[];
  readonly subtitles: readonly ListedRendition[];
  readonly file: string;
}

function streamInf(variant: ListedRendition, { audio = [], subtitles, file }: Beside): string {
  const { id, width, height, frameRate, videoRange } = variant;
  // What plays together is the variant with one rendition of each group: the largest one counts (4.4.6.2).
  const together = (rate: (rendition: ListedRendition) => number): number =>
    rate(variant) + Math.max(0, ...audio.map(rate)) + Math.max(0, ...subtitles.map(rate));
  const peak = together(({ bandwidth, measured }) => Math.max(bandwidth, measured?.peak ?? 0));
  const codecs = variant.codecs === undefined ? new Set() : new Set([variant, ...audio].flatMap(codecsOf));
  let text = `#EXT-X-STREAM-INF:BANDWIDTH=${Math.ceil(peak)}`;
  if (variant.measured !== undefined)
    text += `,AVERAGE-BANDWIDTH=${Math.ceil(together(({ measured }) => measured?.average ?? 0))}`;
  if (codecs.size > 0) text += `,CODECS=${quoted("codecs", [...codecs].join(","))}`;
  if (width !== undefined && height !== undefined) text += `,RESOLUTION=${Math.round(width)}x${Math.round(height)}`;
  if (frameRate !== undefined) text += `,FRAME-RATE=${frameRate.toFixed(3)}`;
  if (videoRange !== undefined) text += `,VIDEO-RANGE=${videoRange}`;
  const [sound] = audio;
  const [caption] = subtitles;
  if (sound !== undefined) text += `,AUDIO=${quoted("group", sound.group ?? "audio")}`;
  if (caption !== undefined) text += `,SUBTITLES=${quoted("group", caption.group ?? "subtitles")}`;
  return `${text}\n${id}/${file}\n`;
}
