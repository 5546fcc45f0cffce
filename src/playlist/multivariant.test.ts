import { describe, expect, test } from "vitest";
import { renderMultivariant } from "./multivariant.ts";

describe("renderMultivariant", () => {
  test("lists each rendition as a variant, in the order given", () => {
    const text = new TextDecoder().decode(
      renderMultivariant([
        {
          id: "high",
          codecs: "avc1.42c01f,mp4a.40.2",
          bandwidth: 1_500_000,
          width: 1280,
          height: 720,
          frameRate: 29.97,
        },
        { id: "sound", codecs: "opus", bandwidth: 96_000.5 },
      ]),
    );
    expect(text).toBe(
      [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-STREAM-INF:BANDWIDTH=1500000,CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970',
        "high/media.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=96001,CODECS="opus"',
        "sound/media.m3u8",
        "",
      ].join("\n"),
    );
  });

  test("codecs that would end the quoted-string are refused", () => {
    expect(() => renderMultivariant([{ id: "main", codecs: 'opus",X="', bandwidth: 1 }])).toThrowError(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });
});
