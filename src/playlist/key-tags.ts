import { isOpaque, type MediaKey } from "../model/media-key.ts";
import { quoted } from "./tags.ts";

/** Takes the keys before out of effect (4.4.4.4). */
export const NO_KEY = "#EXT-X-KEY:METHOD=NONE\n";

/** The keys that a segment is under, as text. */
export interface KeyState {
  /** EXT-X-KEY lines; empty where nothing is encrypted. */
  readonly lines: string;
  /** The same keys as EXT-X-SESSION-KEY lines. */
  readonly sessionLines: string;
  /** Whole parts are encrypted, and an init segment behind the KEY would count as encrypted too. */
  readonly opaque: boolean;
  /** As they were given; none where nothing is encrypted. */
  readonly keys: readonly MediaKey[];
}

export const CLEAR: KeyState = { lines: "", sessionLines: "", opaque: false, keys: [] };

/** The state of keys that `checkKeys` has checked. */
export function keyState(keys: readonly MediaKey[]): KeyState {
  if (keys.every(({ method }) => method === "NONE")) return CLEAR;
  const attributes = keys.map(attributesOf);
  const under = (tag: string): string => attributes.map((text) => `#${tag}:${text}\n`).join("");
  return { lines: under("EXT-X-KEY"), sessionLines: under("EXT-X-SESSION-KEY"), opaque: isOpaque(keys), keys };
}

function attributesOf({ method, uri = "", iv, keyFormat, keyFormatVersions }: MediaKey): string {
  let text = `METHOD=${method},URI=${quoted("uri", uri)}`;
  if (iv !== undefined) {
    text += `,IV=0x${[...iv].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("")}`;
  }
  if (keyFormat !== undefined) text += `,KEYFORMAT=${quoted("keyFormat", keyFormat)}`;
  if (keyFormatVersions !== undefined) text += `,KEYFORMATVERSIONS=${quoted("keyFormatVersions", keyFormatVersions)}`;
  return text;
}
