import type { Bytes } from "../model/bytes.ts";
import type { RenditionOptions } from "../model/options.ts";
import { quoted } from "./tags.ts";
import { writeAscii } from "./text-buffer.ts";

/**
 * The Multivariant Playlist of a stream: one variant for each rendition, in the order given, since the first is what players
 * start with. The renditions must have been checked by `resolveStreamOptions`.
 *
 * @throws RelayError `invalid-option` for codecs or an id that cannot stand in a playlist
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.6.2
 */
export function renderMultivariant(variants: readonly RenditionOptions[]): Bytes {
  // Section 8 asks for no version here; it is that of the Media Playlists, so that a player knows early what is to come.
  let text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  for (const { id, codecs, bandwidth, width, height, frameRate } of variants) {
    text += `#EXT-X-STREAM-INF:BANDWIDTH=${Math.ceil(bandwidth)},CODECS=${quoted("codecs", codecs)}`;
    if (width !== undefined && height !== undefined) text += `,RESOLUTION=${Math.round(width)}x${Math.round(height)}`;
    if (frameRate !== undefined) text += `,FRAME-RATE=${frameRate.toFixed(3)}`;
    text += `\n${id}/media.m3u8\n`;
  }
  const bytes = new Uint8Array(text.length);
  writeAscii(bytes, 0, text);
  return bytes;
}
