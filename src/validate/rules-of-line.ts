/** Rules that bear on every line of a playlist, and are told of its first one. */
const WHOLE_PLAYLIST: readonly number[] = [1, 22, 32, 36, 50, 60, 66];

/** Rules that bear on the lines of a tag, by its name: those that say what stands in it, where it stands, and when it comes or goes. */
const BY_TAG: Readonly<Record<string, readonly number[]>> = {
  EXTM3U: WHOLE_PLAYLIST,
  "EXT-X-VERSION": [2, 3],
  "EXT-X-TARGETDURATION": [2, 4, 5, 13],
  "EXT-X-INDEPENDENT-SEGMENTS": [2, 26],
  "EXT-X-PART-INF": [2, 8, 9],
  "EXT-X-SERVER-CONTROL": [2, 9, 10, 11, 12, 13, 45],
  "EXT-X-MEDIA-SEQUENCE": [2, 7, 27, 30, 48, 68],
  "EXT-X-DISCONTINUITY-SEQUENCE": [2, 7, 29, 48],
  "EXT-X-PLAYLIST-TYPE": [2, 13, 36],
  "EXT-X-MAP": [6, 17, 48],
  "EXT-X-KEY": [17, 32],
  "EXT-X-PROGRAM-DATE-TIME": [13, 17, 34],
  "EXT-X-DATERANGE": [35, 49],
  "EXT-X-DISCONTINUITY": [17, 29, 33],
  "EXT-X-GAP": [25],
  "EXT-X-BITRATE": [],
  "EXT-X-BYTERANGE": [19, 62],
  "EXT-X-PART": [8, 14, 15, 16, 18, 20, 21, 22, 23, 63, 64],
  EXTINF: [4, 18, 24, 31],
  "EXT-X-SKIP": [45, 46, 47, 48, 50],
  "EXT-X-PRELOAD-HINT": [37, 38, 39, 40, 42],
  "EXT-X-RENDITION-REPORT": [43, 44, 68],
  "EXT-X-ENDLIST": [37, 57],
};

/** What an attribute brings with it. */
const BY_ATTRIBUTE: readonly (readonly [tag: string, attribute: RegExp, rule: number])[] = [
  ["EXT-X-PART", /[:,]GAP=YES/, 25],
  ["EXT-X-PART", /[:,]BYTERANGE=/, 19],
  ["EXT-X-PRELOAD-HINT", /[:,]TYPE=MAP/, 41],
];

/** A segment's URI. */
const URI: readonly number[] = [28, 31, 64];

/** Numbers of the rules that bear on a line, as it stands in a Media Playlist. */
export function rulesOfLine(line: string): readonly number[] {
  if (line === "") return [];
  if (!line.startsWith("#")) return URI;
  const tag = /^#(EXT[A-Z0-9-]*)/.exec(line)?.[1] ?? "";
  const more = BY_ATTRIBUTE.filter(([of, attribute]) => of === tag && attribute.test(line)).map(([, , rule]) => rule);
  const rules = BY_TAG[tag] ?? [];
  return more.length === 0 ? rules : [...new Set([...rules, ...more])].sort((left, right) => left - right);
}
