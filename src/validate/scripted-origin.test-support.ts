import { gunzipSync } from "node:zlib";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { startGzip } from "../cache/start-gzip.ts";
import { createMatch } from "../http/handler.ts";
import type { CacheOptions } from "../model/options.ts";
import { Playlists } from "../origin/playlists.ts";
import type { Fetch } from "../reader/exchange.ts";
import type { ModeWatch } from "./modes.test-support.ts";
import { type Script, ScriptedProducer } from "./scripted-producer.test-support.ts";
import { type ValidateOptions, type ValidationReport, validate } from "./validate.ts";

const BASE = "http://origin.example/live/";
const STREAM = "studio";
/** Real time moves in steps of this. */
const STEP_MS = 20;

/** A request, as a tampering origin sees it. */
export interface Seen {
  readonly url: URL;
  readonly kind: "multivariant" | "playlist" | "part" | "segment" | "init" | "other";
  readonly rendition: string | undefined;
  /** Of the part, segment or init segment; -1 elsewhere. */
  readonly number: number;
  readonly atMs: number;
  readonly range: string | null;
  readonly clock: FakeClock;
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
}

/** How an origin goes wrong. */
export interface Tamper {
  /** Rewrites what is asked before the real origin sees it. */
  readonly ask?: (seen: Seen) => void;
  /** Rewrites the text of Media Playlists. */
  readonly playlist?: (text: string, seen: Seen) => string;
  readonly answer?: (answer: Answer, seen: Seen) => Answer | Response | Promise<Answer | Response>;
}

export interface Scenario extends Script {
  readonly cache?: CacheOptions;
  /** Playlists come compressed, as over a network; else as from a Service Worker, which costs less. Default false. */
  readonly gzip?: boolean;
  /** How old the stream is when the validator comes. */
  readonly ageMs?: number;
  readonly forMs?: number;
  readonly tamper?: Tamper;
  /** Notes what the validator is answered. */
  readonly watch?: ModeWatch;
  readonly validate?: ValidateOptions;
}

const DEFAULT_AGE_MS = 2_400;
const DEFAULT_RUN_MS = 12_000;

/** The real origin under a virtual clock, with a tamper hook on all answers. */
export function scriptedOrigin(scenario: Scenario): { readonly clock: FakeClock; readonly fetch: Fetch } {
  const { tamper = {}, gzip = false } = scenario;
  // What is compressed beside the thread comes in real time.
  startGzip();
  const clock = new FakeClock();
  const playlists = new Playlists({ numPlaylists: 8, ...scenario.cache }, { clock });
  new ScriptedProducer(scenario, { playlists, stream: STREAM, clock });
  const match = createMatch(playlists, { gzip, allowOrigin: "*" });
  const fetch: Fetch = async (url, init) => {
    const seen = see(url, new Headers(init.headers), clock);
    tamper.ask?.(seen);
    const request = new Request(seen.url, { ...init, headers: { ...init.headers, "accept-encoding": "gzip" } });
    const response = await match(request);
    if (response === undefined) return new Response(null, { status: 404 });
    const isGzip = response.headers.get("content-encoding") === "gzip";
    // As it is, so that a segment that grows comes as it grows.
    const isLeft =
      !isGzip && tamper.answer === undefined && (tamper.playlist === undefined || seen.kind !== "playlist");
    if (isLeft) return response;
    const answer: Answer = {
      status: response.status,
      headers: new Headers(response.headers),
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
    // As a host's fetch does.
    if (isGzip) answer.bytes = Uint8Array.from(gunzipSync(answer.bytes));
    if (tamper.playlist !== undefined && seen.kind === "playlist" && answer.status === 200) {
      const text = tamper.playlist(new TextDecoder().decode(answer.bytes), seen);
      answer.bytes = new TextEncoder().encode(text);
    }
    const tampered = (await tamper.answer?.(answer, { ...seen, atMs: clock.now() })) ?? answer;
    if (tampered instanceof Response) return tampered;
    return new Response(tampered.bytes, { status: tampered.status, headers: tampered.headers });
  };
  return { clock, fetch };
}

function see(url: string, headers: Headers, clock: FakeClock): Seen {
  const parsed = new URL(url);
  const [, rendition, ...rest] = parsed.pathname.slice("/live/".length).split("/");
  const file = /^(part|seg|init)-(\d+)\.(?:mp4|vtt)$/.exec(rest.at(-1) ?? "");
  const kinds = { part: "part", seg: "segment", init: "init" } as const;
  const kind =
    file !== null
      ? kinds[file[1] as keyof typeof kinds]
      : rest.at(-1) === "media.m3u8"
        ? "playlist"
        : rendition === "main.m3u8"
          ? "multivariant"
          : "other";
  const number = file === null ? -1 : Number(file[2]);
  return {
    url: parsed,
    kind,
    rendition,
    number,
    atMs: clock.now(),
    range: headers.get("range"),
    clock,
  };
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs the validator on a scenario, in virtual time. */
export async function validateScenario(scenario: Scenario): Promise<ValidationReport> {
  const { clock, fetch } = scriptedOrigin(scenario);
  clock.advance(scenario.ageMs ?? DEFAULT_AGE_MS);
  let report: ValidationReport | undefined;
  let failure: unknown;
  validate(`${BASE}${STREAM}/main.m3u8`, {
    durationMs: scenario.forMs ?? DEFAULT_RUN_MS,
    overNetwork: scenario.gzip ?? false,
    clock,
    ...(scenario.watch?.options(fetch) ?? { fetch }),
    ...scenario.validate,
  }).then(
    (done) => {
      report = done;
    },
    (thrown: unknown) => {
      failure = thrown;
    },
  );
  for (let stepMs = 0; report === undefined && failure === undefined; stepMs += STEP_MS) {
    if (stepMs > 1_000_000) throw new Error("the validator does not come to its end");
    for (let i = 0; i < 3; i++) await turn();
    clock.advance(STEP_MS);
  }
  if (report === undefined) throw failure;
  return report;
}
