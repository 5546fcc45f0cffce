import { expect, test } from "vitest";
import { heardDirectives, withDurations, withFeatures, withSequence } from "./rewrite-playlist.ts";

const PLAYLIST = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-MAP:URI="e1/init-0.mp4"
#EXT-X-PART:DURATION=0.50000,URI="e1/part-0.mp4",INDEPENDENT=YES
#EXTINF:2.00000,
e1/seg-40.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXT-X-PART:DURATION=0.50000,URI="e1/part-4.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="e1/part-5.mp4"
#EXT-X-RENDITION-REPORT:URI="../a0/media.m3u8",LAST-MSN=41,LAST-PART=0
`;

test("with all that there is, a playlist is as it was", () => {
  expect(withFeatures(PLAYLIST, { deltaUpdates: true })).toBe(PLAYLIST);
});

test("without parts it is plain HLS, and the segment that grows is not there yet", () => {
  const plain = withFeatures(PLAYLIST, { parts: false });
  expect(plain).not.toMatch(/PART|SERVER-CONTROL|PRELOAD|REPORT/);
  expect(plain.trimEnd().split("\n").at(-1)).toBe("e1/seg-40.mp4");
});

test("each feature can be left out", () => {
  const control = (text: string): string | undefined => /^#EXT-X-SERVER-CONTROL:.*/m.exec(text)?.[0];
  expect(control(withFeatures(PLAYLIST, { blockingReload: false }))).toBe(
    "#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=12",
  );
  expect(control(withFeatures(PLAYLIST, { deltaUpdates: false }))).toBe(
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5",
  );
  expect(withFeatures(PLAYLIST, { preloadHints: false })).not.toContain("PRELOAD-HINT");
});

test("an origin does not hear what it does not offer", () => {
  const url = new URL("http://origin.test/live/test/v0/media.m3u8?_HLS_msn=41&_HLS_part=1&_HLS_skip=YES&token=x");
  expect(heardDirectives(url, {}).search).toBe(url.search);
  expect(heardDirectives(url, { blockingReload: false }).search).toBe("?_HLS_skip=YES&token=x");
  expect(heardDirectives(url, { deltaUpdates: false }).search).toBe("?_HLS_msn=41&_HLS_part=1&token=x");
  expect(heardDirectives(url, { parts: false }).search).toBe("?token=x");
});

test("sequence numbers move with those of other renditions, and come back in what is asked", () => {
  const moved = withSequence(PLAYLIST, 1_000);
  expect(moved).toContain("#EXT-X-MEDIA-SEQUENCE:1040\n");
  expect(moved).toContain("LAST-MSN=1041,");
  expect(withSequence(PLAYLIST, -50)).toContain("#EXT-X-MEDIA-SEQUENCE:0\n");
  const asked = new URL("http://origin.test/m.m3u8?_HLS_msn=1041&_HLS_part=1");
  expect(heardDirectives(asked, {}, 1_000).search).toBe("?_HLS_msn=41&_HLS_part=1");
  const before = new URL("http://origin.test/m.m3u8?_HLS_msn=41&_HLS_part=1");
  expect(heardDirectives(before, {}, 1_000).search).toBe("");
});

test("durations grow in segments and parts, and nowhere else", () => {
  const longer = withDurations(PLAYLIST, 1.5);
  expect(longer).toContain("#EXTINF:3,");
  expect(longer.match(/#EXT-X-PART:DURATION=0.75/g)).toHaveLength(2);
  expect(longer).toContain("PART-TARGET=0.5");
  expect(longer).toContain("#EXT-X-TARGETDURATION:2\n");
});
