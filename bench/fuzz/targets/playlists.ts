import { PartFeed } from "../../../src/follow/part-feed.ts";
import { describeRenditions, streamOptions } from "../../../src/follow/presentation.ts";
import { resolveStreamOptions } from "../../../src/model/options.ts";
import { allSegments, endWallMs, lastPosition, mergeDelta, nextPosition } from "../../../src/reader/media-playlist.ts";
import { isMultivariant, parseMultivariant } from "../../../src/reader/multivariant-playlist.ts";
import { parseMediaPlaylist } from "../../../src/reader/playlist-reader.ts";
import { annotatePlaylist } from "../../../src/validate/annotate-playlist.ts";
import { bytesOf, expectFinite, type Target, textOf } from "../target.ts";

const URL = "https://origin.test/live/hd/media.m3u8";
export const MEDIA = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,PART-HOLD-BACK=1.5
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="init.mp4"
#EXT-X-DATERANGE:ID="ad",START-DATE="2026-05-01T12:00:00Z",DURATION=4,X-COM="a"
#EXT-X-PROGRAM-DATE-TIME:2026-05-01T12:00:00.000Z
#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x000102030405060708090a0b0c0d0e0f
#EXTINF:2,
7.mp4
#EXT-X-DISCONTINUITY
#EXT-X-BYTERANGE:900@100
#EXT-X-PART:DURATION=0.5,URI="8.mp4",BYTERANGE="100@0",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="8.mp4",BYTERANGE="100",GAP=YES
#EXTINF:1,
8.mp4
#EXT-X-PART:DURATION=0.5,URI="9.0.mp4",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.1.mp4"
#EXT-X-RENDITION-REPORT:URI="../low/media.m3u8",LAST-MSN=9,LAST-PART=0
`;
export const DELTA = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES="ad"
#EXTINF:1,
8.mp4
#EXT-X-GAP
#EXTINF:1,
9.mp4
#EXT-X-ENDLIST
`;
export const MULTIVARIANT = `#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",DEFAULT=YES,URI="en/media.m3u8",CHANNELS="2"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="cc/media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1500000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="a",SUBTITLES="s"
hd/media.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500000,VIDEO-RANGE=PQ
low/media.m3u8
`;
/** What takes long where a reader goes back over what it has read. */
const LONG = [
  `#EXTM3U\n#EXT-X-PART:DURATION=1,URI=${" ".repeat(30_000)}"\n`,
  `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=${" ".repeat(30_000)}"\n${"a/".repeat(15_000)}\n#EXT-X-STREAM-INF:\nb\n`,
];
const SEEDS = [MEDIA, DELTA, MULTIVARIANT, ...LONG].map(bytesOf);
const base = parseMediaPlaylist(MEDIA, URL);

/** What origins that are followed say. The reader judges nothing and throws nothing; who follows it may say that it cannot. */
export const PLAYLIST_TARGETS: readonly Target[] = [
  {
    name: "parseMediaPlaylist and mergeDelta",
    seeds: SEEDS,
    refuses: [],
    run(bytes) {
      const playlist = parseMediaPlaylist(textOf(bytes), URL);
      const merged = mergeDelta(base, playlist);
      for (const one of merged === undefined ? [playlist] : [playlist, merged]) {
        expectFinite("segments", allSegments(one));
        expectFinite("ends", [lastPosition(one), nextPosition(one), endWallMs(one)]);
      }
      return `${Math.min(playlist.segments.length, 3)} segments, ${merged?.segments.length ?? "not"} merged, ${[...playlist.tags.keys()].sort().join().slice(0, 60)}`;
    },
  },
  {
    name: "parseMultivariant and describeRenditions",
    seeds: SEEDS,
    refuses: ["origin-malformed"],
    run(bytes) {
      const text = textOf(bytes);
      const described = describeRenditions(parseMultivariant(text, URL), URL);
      if (described.length > 0) {
        const renditions = described.map(({ options }) => options);
        // As it is handed to `relay.publish()`.
        resolveStreamOptions(streamOptions(renditions, [base]));
      }
      return `${isMultivariant(text) ? "" : "no "}multivariant of ${described.length}`;
    },
  },
  {
    name: "PartFeed",
    seeds: SEEDS,
    refuses: ["origin-malformed"],
    run(bytes, random) {
      const events = new Map<string, number>();
      const feed = new PartFeed({
        rendition: 0,
        start: random(2) === 0 ? "edge" : "window",
        emit: (event) => {
          events.set(event.kind, 1 + (events.get(event.kind) ?? 0));
          if (event.kind === "part") expectFinite("part", event.part);
        },
        undatedMs: () => 1.7e12,
      });
      if (random(2) === 0) feed.take(base);
      feed.take(parseMediaPlaylist(textOf(bytes), URL));
      return [...events].map(([kind, count]) => `${kind} ${Math.min(count, 3)}`).join();
    },
  },
  {
    name: "annotatePlaylist",
    seeds: SEEDS,
    refuses: [],
    run(bytes) {
      const text = textOf(bytes).slice(0, 4_000);
      const lines = annotatePlaylist(text);
      return `${Math.min(lines.length, 20)} lines, ${Math.min(lines.filter(({ findings }) => findings.length > 0).length, 5)} faulty`;
    },
  },
];
