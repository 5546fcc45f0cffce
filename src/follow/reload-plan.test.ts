import { expect, test } from "vitest";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import { nextReload, pauseMs, withQuery } from "./reload-plan.ts";

const playlistOf = (partTarget: number, target: number, control = "") =>
  parseMediaPlaylist(
    `#EXTM3U\n#EXT-X-TARGETDURATION:${target}\n#EXT-X-PART-INF:PART-TARGET=${partTarget}\n${control}#EXTINF:1,\n1.mp4\n#EXT-X-PART:DURATION=0.2,URI="2.mp4"\n`,
    "https://origin.test/media.m3u8",
  );
const BLOCKS = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n";

test.each([
  { control: "", unchanged: 0, expected: 500 },
  { control: "", unchanged: 1, expected: 250 },
  { control: BLOCKS, unchanged: 0, expected: 0 },
  { control: BLOCKS, unchanged: 2, expected: 500 },
])("$unchanged answers without news, $control: the next request starts $expected ms after", (given) => {
  const playlist = playlistOf(0.5, 2, given.control);
  const reload = nextReload({ playlist, ageMs: 0 }, false);
  expect(pauseMs(playlist, reload, given.unchanged)).toBe(given.expected);
});

test.each([
  { control: "", unchanged: 0 },
  { control: "", unchanged: 7 },
  { control: BLOCKS, unchanged: 1 },
  { control: BLOCKS, unchanged: 7 },
])(
  "an origin whose targets are nothing is not asked without a pause: $control $unchanged",
  ({ control, unchanged }) => {
    const playlist = playlistOf(0, 0, control);
    expect(pauseMs(playlist, nextReload({ playlist, ageMs: 0 }, false), unchanged)).toBeGreaterThanOrEqual(100);
  },
);

test("directives stand in the query, whatever the URL ends with", () => {
  expect(withQuery("https://origin.test/a.m3u8", "_HLS_msn=1")).toBe("https://origin.test/a.m3u8?_HLS_msn=1");
  expect(withQuery("https://origin.test/a.m3u8?b=1", "_HLS_msn=1")).toBe("https://origin.test/a.m3u8?b=1&_HLS_msn=1");
  expect(withQuery("https://origin.test/a.m3u8#t=?", "_HLS_msn=1")).toBe("https://origin.test/a.m3u8?_HLS_msn=1");
});
