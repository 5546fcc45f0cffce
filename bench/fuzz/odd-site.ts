import type { Bytes } from "../../src/model/bytes.ts";
import type { Clock } from "../../src/model/clock.ts";
import { delay } from "../../src/model/delay.ts";
import type { Fetch } from "../../src/reader/exchange.ts";
import { bytesOf, textOf } from "./target.ts";

/** Between two answers of a site. */
const NEXT = "\u0001";
/** Begins an answer whose status and header are its own. */
const HEAD = /^@(\d{1,4}) ?([^:\n]*):?([^\n]*)\n/;
const NEVER = new AbortController().signal;
/** What must not be asked for more often by somebody who follows for a few seconds. */
const MAX_REQUESTS = 1_500;
/** What an answer takes. */
const ANSWER_MS = 25;

/** A site of answers, as bytes that can be changed. */
export function siteOf(...answers: readonly string[]): Bytes {
  return bytesOf(answers.join(NEXT));
}

export interface OddSite {
  readonly fetch: Fetch;
  readonly requests: number;
}

/**
 * An origin whose playlists are what the bytes say: the first answer is that of `main.m3u8`, and the others are what the Media Playlists are,
 * in turn. Other files are `media`, or the bytes themselves.
 */
export function oddSite(
  bytes: Bytes,
  { media, clock }: { readonly media: readonly Bytes[]; readonly clock: Clock },
): OddSite {
  const [main = "", ...others] = textOf(bytes).split(NEXT);
  let requests = 0;
  return {
    get requests() {
      return requests;
    },
    async fetch(url, { signal, method }) {
      signal?.throwIfAborted();
      requests += 1;
      // Thrown where it could be taken for a network that fails: who goes on asking is told by the count.
      if (requests > MAX_REQUESTS) throw new TypeError("asked too often");
      await delay(clock, ANSWER_MS, signal ?? NEVER);
      const { pathname } = new URL(url);
      if (!pathname.endsWith(".m3u8")) {
        const body = requests % 4 === 0 ? bytes : media[requests % Math.max(1, media.length)];
        return new Response(method === "HEAD" ? null : (body ?? bytes), { headers: { "content-type": "video/mp4" } });
      }
      const text = pathname.endsWith("main.m3u8") ? main : (others[requests % Math.max(1, others.length)] ?? main);
      return answerOf(text);
    },
  };
}

export function expectPatience({ requests }: OddSite): void {
  if (requests > MAX_REQUESTS) throw new Error(`more than ${MAX_REQUESTS} requests within seconds`);
}

function answerOf(text: string): Response {
  const [head = "", code = "200", name = "", value = ""] = HEAD.exec(text) ?? [];
  const headers = new Headers({ "content-type": "application/vnd.apple.mpegurl" });
  try {
    if (name !== "") headers.set(name, value);
  } catch {
    // No network could have brought such a header.
  }
  const status = Math.min(599, Math.max(200, Number(code)));
  const isBare = status === 204 || status === 205 || status === 304;
  return new Response(isBare ? null : text.slice(head.length), { status, headers });
}
