import { Buffer } from "node:buffer";
import { expect, type Page } from "@playwright/test";
import type { Published } from "./published.ts";

/** Everything that the playlist of a DVR window lists of one rendition. */
export interface WindowMedia {
  readonly rendition: string;
  readonly playlist: string;
  /** Media of its segments and of the parts behind the last one, in order. */
  readonly media: Buffer;
  /** Seconds that its segments last, by their own account. */
  readonly durationS: number;
  readonly segments: number;
  readonly gaps: number;
  readonly init: Buffer;
}

/** Fetches the whole DVR window as a player would that plays it from end to end. */
export async function windowMedia(page: Page, stream: string): Promise<readonly WindowMedia[]> {
  return readWindow(await page.evaluate(fetchWindow, stream));
}

/** What {@link fetchWindow} found in a page. */
export function readWindow(found: Awaited<ReturnType<typeof fetchWindow>>): readonly WindowMedia[] {
  return found.map(({ media, init, ...rest }) => ({
    ...rest,
    media: Buffer.concat(media.map((base64) => Buffer.from(base64, "base64"))),
    init: Buffer.from(init, "base64"),
  }));
}

/** Runs in the page; needs nothing of this file. */
export async function fetchWindow(stream: string) {
  const load = async (url: string): Promise<Response> => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  const base64 = async (url: string): Promise<string> => {
    const bytes = new Uint8Array(await (await load(url)).arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  };
  const top = await load(`/live/${stream}/dvr.m3u8`);
  const names = [...(await top.text()).matchAll(/^([^#\n]+)$|URI="([^"]+\.m3u8)"/gm)].map(
    ([, line, uri]) => line ?? uri,
  );
  const found = [];
  for (const name of new Set(names)) {
    const url = new URL(name ?? "", top.url);
    const playlist = await (await load(url.href)).text();
    const media: string[] = [];
    let parts: string[] = [];
    let segments = 0;
    let gaps = 0;
    let durationS = 0;
    let init = "";
    for (const line of playlist.split("\n")) {
      const part = /^#EXT-X-PART:.*URI="([^"]+)"/.exec(line);
      const map = /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line);
      const length = /^#EXTINF:([\d.]+)/.exec(line);
      if (/GAP=YES|^#EXT-X-GAP/.test(line)) gaps += 1;
      else if (part !== null) parts.push(part[1] ?? "");
      if (map !== null) init = await base64(new URL(map[1] ?? "", url).href);
      if (length !== null) durationS += Number(length[1]);
      if (line === "" || line.startsWith("#")) continue;
      media.push(await base64(new URL(line, url).href));
      segments += 1;
      parts = [];
    }
    for (const part of parts) media.push(await base64(new URL(part, url).href));
    const rendition = url.pathname.split("/").at(-2) ?? "";
    found.push({ rendition, playlist, media, durationS, segments, gaps, init });
  }
  return found;
}

export interface Compared {
  /** Parts that the window begins after, because they were published before it. */
  readonly before: number;
  /** Parts that are in the window, each once and in order. */
  readonly parts: number;
  /** Parts at the end that are not there. */
  readonly missing: number;
  readonly sizeBytes: number;
}

/**
 * Holds a window against what was published: it must be a run of the published parts, byte for byte, each once and in order.
 * Where the run begins and ends is for the caller to judge.
 */
export function compare(published: Published, stream: string, { rendition, media }: WindowMedia): Compared {
  const parts = published.parts(stream, rendition);
  const before = parts.findIndex(({ bytes }) => startsWith(media, 0, bytes));
  if (before < 0) throw new Error(`${stream}/${rendition}: the window begins with no part that was published`);
  let at = 0;
  let index = before;
  for (; at < media.length; index++) {
    const part = parts[index];
    if (part === undefined) throw new Error(`${rendition}: ${media.length - at} bytes stand behind the last part`);
    if (!startsWith(media, at, part.bytes)) {
      const actual = parts.find(({ bytes }) => startsWith(media, at, bytes))?.number;
      throw new Error(`${rendition}: expected part step ${part.number} at byte ${at}, got ${actual ?? "none"}`);
    }
    at += part.bytes.length;
  }
  return { before, parts: index - before, missing: parts.length - index, sizeBytes: media.length };
}

function startsWith(media: Buffer, at: number, bytes: Buffer): boolean {
  return bytes.length <= media.length - at && media.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0;
}

/** Expects all of a stream that has ended: every part that was published, once, in order, byte for byte. */
export async function expectWhole(page: Page, published: Published, stream: string): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  for (const window of await windowMedia(page, stream)) {
    expect(window.gaps, "gaps").toBe(0);
    expect(published.inits(stream, window.rendition).at(-1)?.equals(window.init), "its init segment").toBe(true);
    const result = compare(published, stream, window);
    expect(result, window.rendition).toMatchObject({ before: 0, missing: 0 });
    compared.push(result);
  }
  expect(compared.length).toBeGreaterThan(0);
  expect(published.faults).toEqual([]);
  return compared;
}

/** What playlists said of each segment: a number once given keeps its URI, its length and its date. */
export class PlaylistLedger {
  readonly #segments = new Map<number, string>();
  readonly changes: string[] = [];

  /** Takes a playlist as text. */
  see(playlist: string): void {
    let msn = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)?.[1] ?? 0);
    let date = "";
    let length = "";
    for (const line of playlist.split("\n")) {
      date = /^#EXT-X-PROGRAM-DATE-TIME:(.+)/.exec(line)?.[1] ?? date;
      length = /^#EXTINF:([\d.]+)/.exec(line)?.[1] ?? length;
      if (line === "" || line.startsWith("#")) continue;
      const facts = `${line} of ${length} s at ${date}`;
      const known = this.#segments.get(msn);
      if (known !== undefined && known !== facts) this.changes.push(`${msn}: ${known} became ${facts}`);
      this.#segments.set(msn, facts);
      msn += 1;
    }
  }

  get segments(): number {
    return this.#segments.size;
  }
}
