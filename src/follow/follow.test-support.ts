import type { FakeClock } from "../cache/fake-clock.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import type { RelayError } from "../model/errors.ts";
import type { Fetch } from "../reader/exchange.ts";
import { type Scenario, scriptedOrigin, turn } from "../validate/scripted-origin.test-support.ts";
import { type FollowEvent, type FollowedPart, refId } from "./follow-events.ts";
import { type Follower, type FollowOptions, followOrigin } from "./follow-origin.ts";

export const URL_OF_ORIGIN = "http://origin.example/live/studio/main.m3u8";
const STEP_MS = 20;

/** What was published of one rendition: bytes, or undefined for a gap. */
export type Published = readonly (Bytes | undefined)[];

export interface FollowedSoFar {
  readonly events: FollowEvent[];
  readonly parts: { readonly part: FollowedPart; readonly bytes: Bytes | RelayError | undefined }[];
}

export interface FollowRun {
  readonly follower: Follower;
  readonly clock: FakeClock;
  readonly published: ReadonlyMap<string, Published>;
  readonly followed: ReadonlyMap<string, FollowedSoFar>;
  /** Requests of the origin, by path and range. */
  readonly requests: readonly string[];
  /** Those of them that were given what they asked for. */
  readonly served: readonly string[];
}

export interface FollowScenario extends Scenario {
  readonly follow?: Partial<FollowOptions>;
  /** Whether parts are asked for when they are hinted. Default false. */
  readonly fetchHints?: boolean;
  /** Comes between the follower and the origin. */
  readonly between?: (origin: Fetch, clock: FakeClock) => Fetch;
}

/** Notes all that a script publishes, as it is given to the origin. */
function noting(scenario: Scenario, published: Map<string, (Bytes | undefined)[]>): Scenario {
  const listOf = (id: string): (Bytes | undefined)[] => {
    const list = published.get(id) ?? [];
    published.set(id, list);
    return list;
  };
  return {
    ...scenario,
    produce: (n, id) => {
      const produced = scenario.produce?.(n, id) ?? {};
      if (produced.gap === true && produced.silent !== true) listOf(id).push(undefined);
      return {
        ...produced,
        encrypt: (bytes) => {
          const given = produced.encrypt?.(bytes) ?? bytes;
          listOf(id).push(given);
          return given;
        },
      };
    },
  };
}

/** Runs virtual time until a promise is settled, or for `forMs`. */
export async function inVirtualTime<T>(clock: FakeClock, promise: Promise<T>, forMs = 600_000): Promise<T | undefined> {
  let outcome: { readonly value: T } | { readonly thrown: unknown } | undefined;
  promise.then(
    (value) => {
      outcome = { value };
    },
    (thrown: unknown) => {
      outcome = { thrown };
    },
  );
  for (let ranMs = 0; outcome === undefined && ranMs < forMs; ranMs += STEP_MS) {
    for (let i = 0; i < 4; i++) await turn();
    clock.advance(STEP_MS);
  }
  if (outcome === undefined) return undefined;
  if ("thrown" in outcome) throw outcome.thrown;
  return outcome.value;
}

/** Follows a scripted origin in virtual time, and fetches all that is listed. */
export async function followScenario(scenario: FollowScenario): Promise<FollowRun> {
  const published = new Map<string, (Bytes | undefined)[]>();
  const { clock, fetch: origin } = scriptedOrigin(noting(scenario, published));
  clock.advance(scenario.ageMs ?? 2_400);
  const requests: string[] = [];
  const served: string[] = [];
  const between = scenario.between?.(origin, clock) ?? origin;
  const fetch: Fetch = async (url, init) => {
    const { pathname, search } = new URL(url);
    const range = new Headers(init.headers).get("range");
    const request = `${pathname}${search}${range === null ? "" : ` ${range}`}`;
    requests.push(request);
    const response = await between(url, init);
    if (response.ok) served.push(request);
    return response;
  };
  const opened = followOrigin({ url: URL_OF_ORIGIN, fetch, clock, random: () => 0.5, ...scenario.follow });
  const follower = await inVirtualTime(clock, opened);
  if (follower === undefined) throw new Error("the follower does not open");
  const followed = new Map<string, FollowedSoFar>();
  const { renditions } = follower.presentation;
  for (const { options } of renditions) followed.set(options.id, { events: [], parts: [] });
  const signal = new AbortController().signal;
  const fetches: Promise<unknown>[] = [];
  let isOver = false;
  const run = follower.run({
    event(rendition, event) {
      if (isOver) return;
      const soFar = followed.get(renditions[rendition]?.options.id ?? "");
      soFar?.events.push(event);
      if (event.kind !== "part") return;
      const { part } = event;
      if (part.hinted) {
        if (scenario.fetchHints === true) follower.fetchMedia(part, signal).catch(() => undefined);
        return;
      }
      const entry: { part: FollowedPart; bytes: Bytes | RelayError | undefined } = { part, bytes: undefined };
      soFar?.parts.push(entry);
      if (part.gap) return;
      fetches.push(
        follower.fetchMedia(part, signal).then(
          (bytes) => {
            entry.bytes = bytes;
          },
          (thrown: RelayError) => {
            entry.bytes = thrown;
          },
        ),
      );
    },
  });
  await inVirtualTime(clock, run, scenario.forMs ?? 12_000);
  isOver = true;
  await inVirtualTime(clock, Promise.allSettled(fetches), 30_000);
  follower.close();
  await run;
  return { follower, clock, published, followed, requests, served };
}

/**
 * What is wrong with what was followed of a rendition: it has to be what was published from some part on, byte for byte, without
 * a hole. Empty where all is well.
 */
export function differences({ published, followed }: FollowRun, id: string): string[] {
  const all = published.get(id) ?? [];
  const parts = followed.get(id)?.parts ?? [];
  const [first] = parts;
  if (first === undefined) return ["nothing was followed"];
  const start = all.findIndex((bytes) => isSame(bytes, first));
  if (start < 0) return ["what came first was not published"];
  return parts.flatMap((entry, i) =>
    isSame(all[start + i], entry)
      ? []
      : [`part ${i}, ${entry.part.key.msn}.${entry.part.key.part}: ${refId(entry.part.ref)}`],
  );
}

function isSame(bytes: Bytes | undefined, entry: FollowedSoFar["parts"][number]): boolean {
  if (bytes === undefined) return entry.part.gap;
  const got = entry.bytes;
  return got instanceof Uint8Array && Buffer.from(got).equals(bytes);
}
