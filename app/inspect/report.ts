import type { InspectedStream, RelayStats, SessionStats } from "eddy-hls";
import type { LoggedRequest } from "./request-log.ts";
import { pageOf } from "./requests-panel.ts";
import { stateOf } from "./slot-grid.ts";

const MAX_REQUESTS = 100;

export interface ReportParts {
  readonly atMs: number;
  readonly userAgent: string;
  readonly stats: RelayStats;
  readonly stream: InspectedStream | undefined;
  readonly playlist: string;
  readonly requests: readonly LoggedRequest[];
  readonly workerStarts: readonly number[];
  readonly session: SessionStats | undefined;
  readonly player: Readonly<Record<string, number | undefined>>;
  readonly faults: readonly string[];
}

/** What is seen of a relay, for somebody else to look at: without keys, addresses, and what would tell who the peers are. */
export function makeReport(parts: ReportParts): Readonly<Record<string, unknown>> {
  const { atMs, userAgent, stats, stream, playlist, requests, workerStarts, session, player, faults } = parts;
  return {
    report: "eddy inspect, version 1",
    made: new Date(atMs).toISOString(),
    version: stats.version,
    userAgent,
    player,
    stats,
    slots: stream?.renditions.map(({ id, capacity, nextId, evicted, slots, waits }) => {
      const states: Record<string, number> = { ring: 0, disk: 0, gone: 0, gap: 0 };
      for (const flags of slots.flags) states[stateOf(flags)] = (states[stateOf(flags)] ?? 0) + 1;
      return { id, capacity, nextId, evicted, newest: states, waits };
    }),
    playlist: withoutKeys(playlist).split("\n"),
    requests: requests.slice(-MAX_REQUESTS).map(({ key: _key, page, target, ...request }) => ({
      ...request,
      target: withoutParameters(target),
      by: pageOf(page),
    })),
    workerStarts: workerStarts.map((startedAtMs) => new Date(startedAtMs).toISOString()),
    session: session && withoutPeople(session),
    faults,
  };
}

/** What a key's address holds may open the media. */
function withoutKeys(playlist: string): string {
  return playlist.replace(/^(#EXT-X-(?:SESSION-)?KEY:.*?URI=")[^"]*"/gm, '$1left out"');
}

/** Of the parameters of a request only the delivery directives are the specification's; others may be anything. */
function withoutParameters(target: string): string {
  const [path = "", query = ""] = target.split("?");
  const kept = query.split("&").filter((pair) => /^_HLS_[a-z]+=[A-Za-z0-9]*$/.test(pair));
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}

function withoutPeople(session: SessionStats): Readonly<Record<string, unknown>> {
  const { peers, bans, failures, relay, problem, ...figures } = session;
  return {
    ...figures,
    peers: peers.map(({ peer: _peer, ...peer }, index) => ({ peer: `peer ${index + 1}`, ...peer })),
    bans: bans.map(({ reason }) => reason),
    failures: failures.map(({ reason, atMs }) => ({ reason, atMs })),
    ...(problem === undefined ? {} : { problem: problem.code }),
    ...(relay === undefined ? {} : { relay: { ...relay, url: "left out", lastRefusal: undefined } }),
  };
}
