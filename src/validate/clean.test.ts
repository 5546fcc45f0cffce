import { expect, test } from "vitest";
import { TEST_VIDEO, testInit } from "../media/media.test-support.ts";
import type { Fetch } from "../reader/exchange.ts";
import type { Finding } from "./finding.ts";
import type { ModeWatch } from "./modes.test-support.ts";
import { type Scenario, validateScenario } from "./scripted-origin.test-support.ts";

const shown = ({ rule, level, message, url, lines }: Finding): string =>
  [`${rule} ${level} ${message} (${url})`, ...(lines ?? [])].join("\n");

async function findingsOf(scenario: Scenario): Promise<string[]> {
  const { findings, failure } = await validateScenario({ forMs: 120_000, ...scenario });
  expect(failure).toBeUndefined();
  return findings.map(shown);
}

const SHORT: Scenario["cache"] = { maxSegments: 12 };

test("rules 1 to 68: a sliding window over 120 s is clean, and every rule has something to look at", async () => {
  const { findings, failure, rules, ended } = await validateScenario({
    forMs: 120_000,
    cache: SHORT,
    renditions: ["high", "low"],
    gzip: true,
    endAtMs: 119_000,
    validate: { allowedOrigin: "http://player.example" },
  });
  expect(failure).toBeUndefined();
  expect(findings.map(shown)).toEqual([]);
  expect(ended).toBe(true);
  expect(rules).toHaveLength(68);
  expect(rules.filter(({ occasions }) => occasions === 0).map(({ rule }) => rule)).toEqual([]);
});

test("what an origin redirects to is what its URIs are relative to", async () => {
  const { findings, failure, rules } = await validateScenario({
    cache: SHORT,
    renditions: ["high", "low"],
    forMs: 30_000,
    endAtMs: 29_000,
    watch: { options: (fetch) => ({ fetch: redirecting(fetch) }) } as ModeWatch,
  });
  expect(failure).toBeUndefined();
  expect(findings.map(shown)).toEqual([]);
  expect(rules.find(({ rule }) => rule === 18)?.occasions).toBeGreaterThan(5);
});

/** Each kind of playlist sends who asks to another host, and what it names is on that host alone. */
function redirecting(fetch: Fetch): Fetch {
  return async (asked, init) => {
    const url = new URL(asked);
    const name = url.pathname.split("/").at(-1) ?? "";
    const [host, to] =
      name === "main.m3u8" ? ["origin", "edge"] : name === "media.m3u8" ? ["edge", "media"] : ["media", "media"];
    if (url.host !== `${host}.example`) return new Response(null, { status: 404 });
    url.host = "origin.example";
    const response = await fetch(url.href, init);
    url.host = `${to}.example`;
    return Object.defineProperty(response, "url", { value: url.href });
  };
}

test("rules 33 and 41: new timelines and init segments are clean", async () => {
  let index = 0;
  const findings = await findingsOf({
    cache: SHORT,
    produce: (n) => ({
      independent: n % 5 === 0 || n % 60 === 51,
      leap: n % 60 === 51 ? 900 : 0,
      after: (rendition) => {
        if (n % 60 === 50) rendition.discontinuity();
        if (n % 60 !== 50 || n % 120 !== 50) return;
        index += 1;
        const video = { ...TEST_VIDEO, width: 320 + index };
        rendition.setInit(testInit({ video }));
      },
    }),
  });
  expect(findings).toEqual([]);
});

test("rule 25: gaps, as parts and as whole segments, are clean", async () => {
  const findings = await findingsOf({
    cache: SHORT,
    produce: (n) => ({
      gap: n % 40 === 7 || (n % 90 >= 41 && n % 90 < 62),
      independent: n % 5 === 0 || n % 90 === 62,
    }),
  });
  expect(findings).toEqual([]);
});

test("a producer that goes away and comes back costs no MUST, and is told", async () => {
  let silentBefore = false;
  const { findings } = await validateScenario({
    forMs: 120_000,
    cache: SHORT,
    produce: (n) => {
      const silent = n % 200 >= 101 && n % 200 < 161;
      const back = silentBefore && !silent;
      silentBefore = silent;
      return { silent, independent: n % 5 === 0 || back };
    },
  });
  expect(findings.filter(({ level }) => level === "MUST").map(shown)).toEqual([]);
  expect(findings.map(({ message }) => message)).toContainEqual(expect.stringContaining("is the producer gone?"));
});

test.each([200, 333, 500])("rule 57: a stream of parts of at most %i ms that ends is clean", async (partTargetMs) => {
  const frames = Math.floor((partTargetMs * 30) / 1000);
  const findings = await findingsOf({
    options: { partTargetMs },
    everyMs: (frames * 1000) / 30,
    produce: (n) => ({ frames, independent: n % 4 === 0 }),
    endAtMs: 40_000,
  });
  expect(findings).toEqual([]);
});

test("ends with its signal, and reports what was so far", async () => {
  const aborter = new AbortController();
  let playlists = 0;
  const report = await validateScenario({
    validate: {
      signal: aborter.signal,
      onPlaylist: () => {
        playlists += 1;
        if (playlists === 20) aborter.abort();
      },
    },
  });
  expect(report.playlists).toBe(20);
  expect(report.durationMs).toBeLessThan(10_000);
});

test("a URL without a playlist is source-missing; a rendition that is not there is invalid-option", async () => {
  const gone: Scenario = { tamper: { answer: () => new Response("no", { status: 404 }) } };
  await expect(validateScenario(gone)).rejects.toMatchObject({ code: "source-missing" });
  await expect(validateScenario({ validate: { renditions: ["none"] } })).rejects.toMatchObject({
    code: "invalid-option",
    message: "rendition: expected one of main, got none",
  });
});

test("a rendition whose playlist never comes fails the run, which would be clean otherwise", async () => {
  const { failure, findings } = await validateScenario({
    renditions: ["a", "b"],
    tamper: {
      answer: (answer, { kind, rendition }) =>
        kind === "playlist" && rendition === "b" ? new Promise(() => undefined) : answer,
    },
  });
  expect(findings.map(shown)).toEqual([]);
  expect(failure).toMatch(/^"b": expected a playlist at .*\/b\/media\.m3u8, none came$/);
});

test("a playlist that cannot be had any more ends the run with its findings, and says why", async () => {
  const { failure } = await validateScenario({
    tamper: {
      answer: (answer, { kind, atMs }) => (kind === "playlist" && atMs > 8_000 ? { ...answer, status: 500 } : answer),
    },
  });
  expect(failure).toContain("got 500 5 times");
});
