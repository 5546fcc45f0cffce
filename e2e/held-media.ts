import type { Page } from "@playwright/test";

/** What a worker answers with of one stream, as SHA-256 in hexadecimal. */
export interface HeldMedia {
  /** Of each fragment (moof with mdat), in the order of the playlist. */
  readonly fragments: readonly string[];
  readonly inits: readonly string[];
}

/**
 * Fetches all media of a stream that this page's worker holds, live window and recording, as any player could, and hashes it by
 * fragment: a segment that began before this page came, or that a gap is in, is held against the same fragments as a whole one.
 */
export function heldMedia(page: Page, name: string): Promise<HeldMedia> {
  return page.evaluate(readHeld, name);
}

/** Runs in the page. */
async function readHeld(name: string): Promise<HeldMedia> {
  const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
    [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
  const get = async (url: URL): Promise<Uint8Array<ArrayBuffer>> => {
    const response = await fetch(url);
    // What leaves the window between the playlist and here is held no more.
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : new Uint8Array();
  };
  const text = async (url: URL): Promise<string> => new TextDecoder().decode(await get(url));
  const fragmentsOf = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] => {
    const view = new DataView(bytes.buffer);
    const fragments: Uint8Array<ArrayBuffer>[] = [];
    let start = 0;
    for (let at = 0; at + 8 <= bytes.length; ) {
      const size = Math.max(8, view.getUint32(at));
      const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      at += size;
      if (type !== "mdat") continue;
      fragments.push(bytes.slice(start, at));
      start = at;
    }
    if (start < bytes.length) fragments.push(bytes.slice(start));
    return fragments;
  };
  const main = new URL(`/live/${name}/dvr.m3u8`, location.href);
  const lists = (await text(main)).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const fragments: string[] = [];
  const inits: string[] = [];
  for (const list of lists) {
    const url = new URL(list, main);
    for (const line of (await text(url)).split("\n")) {
      const map = /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1];
      if (map !== undefined) inits.push(await hashOf(await get(new URL(map, url))));
      else if (line !== "" && !line.startsWith("#"))
        for (const fragment of fragmentsOf(await get(new URL(line, url)))) fragments.push(await hashOf(fragment));
    }
  }
  return { fragments, inits };
}
