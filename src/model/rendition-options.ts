import type { Bytes } from "./bytes.ts";
import { checkNumber, checkObject, checkOneOf, checkText, invalid } from "./checks.ts";
import { checkName } from "./ids.ts";

/**
 * `variant`: listed by EXT-X-STREAM-INF, with pictures, with sound, or with both. `audio`: sound beside the variants.
 * `subtitles`: WebVTT beside them; each part is a whole small WebVTT file.
 */
export type RenditionKind = "variant" | "audio" | "subtitles";

/** `mpegts`: every part is a whole segment of an MPEG transport stream, which is passed as it is. */
export type RenditionContainer = "fmp4" | "mpegts";

/** What the files of a rendition are called, and so what is in them. */
export type MediaExtension = "mp4" | "ts" | "vtt";

/** VIDEO-RANGE of a variant: what its transfer function is. */
export type VideoRange = "SDR" | "HLG" | "PQ";

/** One rendition of a stream: a track set that is encoded, cut and listed together. */
export interface RenditionOptions {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`, unique in the stream. */
  readonly id: string;
  /** Default `variant`; a stream has at least one. */
  readonly kind?: RenditionKind;
  /**
   * How its parts come. Of `mpegts` nothing is measured: they last what is said of them, there is no init segment, and no clip can be made.
   * Subtitles have none. Default `fmp4`.
   */
  readonly container?: RenditionContainer;
  /** RFC 6381 codecs, such as `avc1.42c01f,mp4a.40.2`. Default: read from the init segment, or not said where there is none. Subtitles have none. */
  readonly codecs?: string;
  /** Peak bit rate in bits per second; what was published counts where it is more. */
  readonly bandwidth: number;
  /** Pixels. Default: read from the init segment; absent for audio only. */
  readonly width?: number;
  /** Pixels, as the width. */
  readonly height?: number;
  /** Frames per second. Default: not said. */
  readonly frameRate?: number;
  /** VIDEO-RANGE. Default: not said. */
  readonly videoRange?: VideoRange;
  /** BCP 47 tag; audio and subtitles. Default: not said. */
  readonly language?: string;
  /** What a player's menu says; audio and subtitles. Default: the id. Unique in the group. */
  readonly name?: string;
  /** What plays unless the viewer chooses; audio and subtitles, one in a group at most. Default false. */
  readonly default?: boolean;
  /**
   * GROUP-ID of audio or subtitles. Default `audio` and `subtitles`. Variants are listed once for each audio group; subtitles
   * are all in one.
   */
  readonly group?: string;
  /** CHANNELS of audio, such as `2`. Default: not said. */
  readonly channels?: string;
  /** As the stream's, which it has precedence over: each part of sound is independent, and must not open a segment by that. */
  readonly segmentMinMs?: number;
}

/** RenditionOptions, checked and complete. */
export interface RenditionConfig extends RenditionOptions {
  /** What is in it. */
  readonly kind: RenditionKind;
}

/** Most renditions one stream may declare. */
export const MAX_RENDITIONS = 16;
const KINDS = ["variant", "audio", "subtitles"] as const;

type Check = (what: string, value: unknown) => unknown;
const number =
  (min: number, max: number): Check =>
  (what, value) =>
    checkNumber(what, value, min, max);
const oneOf =
  (...allowed: readonly string[]): Check =>
  (what, value) =>
    checkOneOf(what, value, allowed);
const text =
  (pattern: RegExp, expected: string): Check =>
  (what, value) =>
    checkText(what, value, pattern, expected);

/** What must hold of an option where it is given. */
const CHECKS: readonly (readonly [keyof RenditionOptions, Check])[] = [
  ["container", oneOf("fmp4", "mpegts")],
  // RFC 6381 lists as they occur; nothing that could end a quoted playlist attribute.
  ["codecs", text(/^[A-Za-z0-9.,_ -]{1,200}$/, "an RFC 6381 list")],
  ["width", number(1, 65_535)],
  ["height", number(1, 65_535)],
  ["frameRate", number(0.1, 1_000)],
  ["segmentMinMs", number(0, 60_000)],
  ["videoRange", oneOf("SDR", "HLG", "PQ")],
  // BCP 47 as far as it can be told without its registry.
  ["language", text(/^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}$/, "a BCP 47 tag")],
  // 4.2: a quoted-string holds no line break and no quotation mark; other control characters help nobody.
  ["name", text(/^[^"\p{Cc}\u2028\u2029]{1,80}$/u, "1 to 80 characters without quotes")],
  ["group", text(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -")],
  ["channels", text(/^[A-Za-z0-9/,._-]{1,32}$/, "a CHANNELS value")],
];

/** What a rendition of a kind cannot have. */
const STRAY: { readonly [Kind in RenditionKind]?: readonly (keyof RenditionOptions)[] } = {
  variant: ["language", "name", "default", "group", "channels"],
  subtitles: ["container"],
};

/** @throws RelayError `invalid-option` or `invalid-name` */
export function resolveRenditions(renditions: readonly RenditionOptions[]): readonly RenditionConfig[] {
  if (!Array.isArray(renditions) || renditions.length < 1 || renditions.length > MAX_RENDITIONS)
    throw invalid("renditions", `1 to ${MAX_RENDITIONS}`, renditions?.length);
  // A list with holes can be posted, and `map()` would pass them over.
  const configs = Array.from(renditions, resolveRendition);
  const seen = new Set<string>();
  for (const { id } of configs) {
    if (seen.has(id)) throw invalid("renditions", "different ids", `"${id}" twice`);
    seen.add(id);
  }
  if (!configs.some(({ kind }) => kind === "variant"))
    throw invalid("renditions", "at least one of kind variant", "none");
  checkGroups(configs);
  return configs;
}

function resolveRendition(given: RenditionOptions | undefined): RenditionConfig {
  const options = checkObject("rendition", given) as RenditionOptions;
  const id = checkName(options.id, "rendition");
  const kind = checkOneOf(`kind of "${id}"`, options.kind ?? "variant", KINDS);
  const of = (what: string): string => `${what} of "${id}"`;
  checkNumber(of("bandwidth"), options.bandwidth, 1, 1e12);
  for (const [key, check] of CHECKS) if (options[key] !== undefined) check(of(key), options[key]);
  const stray = STRAY[kind]?.find((key) => options[key] !== undefined);
  if (stray !== undefined) throw invalid(of(stray), `none, it is of kind ${kind}`, options[stray]);
  if (kind === "variant") return { ...options, id, kind };
  // What is undeclared has the default, so that a producer that returns can be compared with who went.
  const { name = id, group = kind } = options;
  return { ...options, id, kind, name, default: options.default === true, group };
}

export function extensionOf({ kind, container }: RenditionOptions): MediaExtension {
  if (kind === "subtitles") return "vtt";
  return container === "mpegts" ? "ts" : "mp4";
}

/** 4.4.6.1.1: names differ within a group, and one of it at most is the default. */
function checkGroups(renditions: readonly RenditionConfig[]): void {
  const groups = new Map<string, { names: Set<string>; defaults: number }>();
  const subtitles = new Set<string>();
  for (const { kind, id, name = id, group = kind, ...rendition } of renditions) {
    if (kind === "variant") continue;
    if (kind === "subtitles") subtitles.add(group);
    const key = `${kind} ${group}`;
    const found = groups.get(key) ?? { names: new Set<string>(), defaults: 0 };
    groups.set(key, found);
    if (found.names.has(name)) throw invalid(`group "${group}"`, "different names", `"${name}" twice`);
    found.names.add(name);
    if (rendition.default === true) found.defaults += 1;
    if (found.defaults > 1) throw invalid(`group "${group}"`, "one default", "two");
  }
  if (subtitles.size > 1) throw invalid("subtitles", "one group", [...subtitles].join(", "));
}

/** What a capture says of a rendition, whose codecs it knows. */
export interface CapturedRendition extends RenditionOptions {
  /** RFC 6381. */
  readonly codecs: string;
  /** ftyp and moov, as it begins. */
  readonly init: Bytes;
}
