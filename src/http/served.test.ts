import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import type { StreamOptions } from "../model/options.ts";
import { CAPTIONS, ENGLISH, TestOrigin, VIDEO } from "../origin/origin.test-support.ts";

/** All types that anything of a relay has: none that a browser would run, or show as a page. */
const TYPES = new Set([
  "application/vnd.apple.mpegurl",
  "application/json",
  "video/mp4",
  "audio/mp4",
  "video/mp2t",
  "text/vtt",
  "text/plain; charset=utf-8",
]);

const origin = new TestOrigin({ renditions: [VIDEO, ENGLISH, CAPTIONS] });
origin.setInits();
origin.parts(0, 23);
origin.playlists.get("studio").end();

const segment = fc.oneof(
  fc.constantFrom("hd", "en", "cc", "e1", "main.m3u8", "dvr.m3u8", "media.m3u8", "clip.mp4", "stats.json", ".."),
  fc.constantFrom("init-0.mp4", "part-3.mp4", "part-3.vtt", "seg-2.mp4", "seg-2.vtt", "seg-2.ts", "index.html", "a.js"),
  fc.webPath(),
  fc.string({ maxLength: 20 }).map(encodeURIComponent),
);

test("whatever is asked for, what is served has a type that no browser runs or shows as a page", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 4 }),
      fc.constantFrom("GET", "HEAD", "POST"),
      async (path, method) => {
        const response = await origin.get(path.join("/"), { method }).catch((error: unknown) => {
          // Not under the base any more.
          if (/was not taken/.test(String(error))) return undefined;
          throw error;
        });
        if (response !== undefined) expect(TYPES).toContain(response.headers.get("content-type"));
      },
    ),
    { numRuns: 500 },
  );
});

describe("nothing that a producer says", () => {
  /** What could end an attribute, or a line. */
  const sharp = fc
    .array(fc.constantFrom('"', "\n", "\r", "\u2028", ",", "#EXTINF:1,", "evil.mp4", "x"), {
      minLength: 1,
      maxLength: 6,
    })
    .map((pieces) => pieces.join(""));
  const line = /^(?:#EXT[A-Z0-9-]*(?::.*)?|[\w./-]+\.(?:m3u8|mp4|vtt))$/;
  const linesOf = (text: string): string[] => text.split(/\r\n|[\n\r\u2028\u2029]/).filter((one) => one !== "");

  async function listed(
    build: (made: TestOrigin) => void,
    options: Partial<StreamOptions> = {},
  ): Promise<string | undefined> {
    try {
      const made = new TestOrigin({ renditions: [VIDEO, ENGLISH], ...options });
      made.setInits();
      build(made);
      made.parts(0, 11);
      made.playlists.get("studio").end();
      return `${await made.text("main.m3u8")}\n${await made.text("hd/media.m3u8")}`;
    } catch (error) {
      if (error instanceof RelayError) return undefined;
      throw error;
    }
  }

  test("in names, languages, groups, keys or date ranges begins a line of a playlist or ends an attribute", async () => {
    await fc.assert(
      fc.asyncProperty(sharp, fc.nat(6), async (text, where) => {
        const sound = { ...ENGLISH, ...[{ name: text }, { language: text }, { group: text }, {}][where] };
        const playlists = await listed(
          (made) => {
            const hd = made.rendition("hd");
            if (where === 3) hd.setKeys([{ method: "SAMPLE-AES", uri: text }]);
            if (where === 4) hd.addDateRange({ id: text, startDate: 1.7e12 });
            if (where === 5) hd.addDateRange({ id: "a", startDate: 1.7e12, attributes: { "X-A": text } });
          },
          { renditions: [where === 6 ? { ...VIDEO, codecs: text } : VIDEO, sound] },
        );
        if (playlists === undefined) return;
        for (const one of linesOf(playlists)) {
          expect(one).toMatch(line);
          expect((one.match(/"/g) ?? []).length % 2, one).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
