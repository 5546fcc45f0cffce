import { gunzipSync } from "node:zlib";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { createMatch } from "../http/handler.ts";
import { TEST_VIDEO, testInit, testPart } from "../media/media.test-support.ts";
import type { CacheOptions, StreamOptions } from "../model/options.ts";
import { Playlists } from "../origin/playlists.ts";
import type { Rendition } from "../origin/rendition.ts";
import type { Fetch } from "./exchange.ts";
import { type ValidateOptions, type ValidationReport, validate } from "./validate.ts";

const BASE = "http://origin.example/live/";
const STREAM = "studio";
const FRAME_RATE = 30;
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

/** What the producer does for one part of its schedule. */
export interface Produced {
  /** Default 6: 200 ms. */
  readonly frames?: number;
  readonly independent?: boolean;
  readonly gap?: boolean;
  /** Nothing comes at this time. */
  readonly silent?: boolean;
  /** Frames that the timeline leaps over. */
  readonly leap?: number;
  /** Called after this part. */
  readonly after?: (rendition: Rendition) => void;
}

export interface Scenario {
  readonly renditions?: readonly string[];
  readonly options?: Partial<StreamOptions>;
  readonly cache?: CacheOptions;
  /** The part of number `n` of the schedule, due at `n` part targets. Default: independent every fifth. */
  readonly produce?: (n: number, rendition: string) => Produced;
  /** Real time between parts of the schedule. Default: 200 ms, as long as they last. */
  readonly everyMs?: number;
  readonly endAtMs?: number;
  readonly forMs?: number;
  readonly tamper?: Tamper;
  readonly validate?: ValidateOptions;
}

/** The real origin under a virtual clock, with a producer that keeps to a script and a tamper hook on all answers. */
class ScriptedOrigin {
  readonly clock = new FakeClock();
  readonly fetch: Fetch;
  readonly #scenario: Scenario;
  readonly #ids: readonly string[];
  readonly #playlists: Playlists;
  readonly #frames = new Map<string, number>();
  readonly #everyMs: number;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#ids = scenario.renditions ?? ["main"];
    this.#everyMs = scenario.everyMs ?? 200;
    this.#playlists = new Playlists({ numPlaylists: 8, ...scenario.cache }, this.clock);
    const renditions = this.#ids.map((id) => ({ id, codecs: "avc1.42c01f", bandwidth: 1_000_000 }));
    const stream = this.#playlists.open(STREAM, {
      epoch: "e1",
      options: { renditions, partTargetMs: 200, targetDurationMs: 2000, segmentMinMs: 1000, ...scenario.options },
    });
    for (const id of this.#ids) stream.rendition(id).setInit(testInit({ video: TEST_VIDEO }));
    const match = createMatch(this.#playlists, { gzip: true, allowOrigin: "*" });
    this.fetch = async (url, init) => {
      const seen = this.#see(url, new Headers(init.headers));
      const tamper = scenario.tamper ?? {};
      tamper.ask?.(seen);
      const request = new Request(seen.url, { ...init, headers: { ...init.headers, "accept-encoding": "gzip" } });
      const response = await match(request);
      if (response === undefined) return new Response(null, { status: 404 });
      let answer: Answer = {
        status: response.status,
        headers: new Headers(response.headers),
        bytes: new Uint8Array(await response.arrayBuffer()),
      };
      if (answer.headers.get("content-encoding") === "gzip") answer.bytes = Uint8Array.from(gunzipSync(answer.bytes));
      if (seen.kind === "playlist" && answer.status === 200) {
        const text = this.#withReports(new TextDecoder().decode(answer.bytes), seen.rendition);
        answer.bytes = new TextEncoder().encode(tamper.playlist?.(text, seen) ?? text);
      }
      const tampered = await (tamper.answer?.(answer, { ...seen, atMs: this.clock.now() }) ?? answer);
      if (tampered instanceof Response) return tampered;
      answer = tampered;
      return new Response(answer.bytes, { status: answer.status, headers: answer.headers });
    };
    this.#publish(0);
  }

  #see(url: string, headers: Headers): Seen {
    const parsed = new URL(url);
    const [, rendition, ...rest] = parsed.pathname.slice("/live/".length).split("/");
    const file = /^(part|seg|init)-(\d+)\.mp4$/.exec(rest.at(-1) ?? "");
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
      atMs: this.clock.now(),
      range: headers.get("range"),
      clock: this.clock,
    };
  }

  #publish(n: number): void {
    const { produce, endAtMs } = this.#scenario;
    if (endAtMs !== undefined && this.clock.now() >= endAtMs) {
      for (const id of this.#ids) this.#playlists.get(STREAM).rendition(id).end();
      return;
    }
    for (const id of this.#ids) this.#produce(n, id, produce?.(n, id) ?? {});
    this.clock.after(this.#everyMs, () => this.#publish(n + 1));
  }

  #produce(
    n: number,
    id: string,
    { frames = 6, independent = n % 5 === 0, gap, silent, leap = 0, after }: Produced,
  ): void {
    const rendition = this.#playlists.get(STREAM).rendition(id);
    const firstFrame = (this.#frames.get(id) ?? 0) + leap;
    if (silent !== true) {
      this.#frames.set(id, firstFrame + frames);
      if (gap === true) rendition.addGap((frames * 1000) / FRAME_RATE);
      else {
        const bytes = testPart({ sequenceNumber: n + 1, firstFrame, frames, independent, audio: false });
        rendition.addPart({ bytes });
      }
    }
    after?.(rendition);
  }

  /** One report per other rendition, where the origin does not write them itself (rule 43). */
  #withReports(text: string, rendition: string | undefined): string {
    if (this.#ids.length < 2 || text.includes("#EXT-X-RENDITION-REPORT:")) return text;
    let reports = "";
    for (const id of this.#ids) {
      const { msn = 1, part = 0 } = this.#playlists.get(STREAM).rendition(id).position ?? {};
      // hls.js takes LAST-PART=0 for none (rule 68).
      const [lastMsn, lastPart] = part === 0 ? [msn - 1, 4] : [msn, part];
      if (id !== rendition)
        reports += `#EXT-X-RENDITION-REPORT:URI="../${id}/media.m3u8",LAST-MSN=${lastMsn},LAST-PART=${lastPart}\n`;
    }
    return text.includes("#EXT-X-ENDLIST")
      ? text.replace("#EXT-X-ENDLIST", `${reports}#EXT-X-ENDLIST`)
      : text + reports;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs the validator on a scenario, in virtual time. */
export async function validateScenario(scenario: Scenario): Promise<ValidationReport> {
  const origin = new ScriptedOrigin(scenario);
  const { clock } = origin;
  // So much is there when the validator comes.
  clock.advance(2_400);
  let report: ValidationReport | undefined;
  let failure: unknown;
  validate(`${BASE}${STREAM}/main.m3u8`, {
    durationMs: scenario.forMs ?? 20_000,
    fetch: origin.fetch,
    clock,
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
