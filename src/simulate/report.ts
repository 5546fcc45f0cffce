import type { FetchReason, PartSource } from "../swarm/swarm-types.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Census } from "./census.ts";
import { type DelayCount, gini, mean, quantile } from "./measures.ts";
import type { FrameCount } from "./sim-network.ts";
import type { World } from "./world.ts";
import type { WorldOptions } from "./world-options.ts";

export interface Quantiles {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Values over a share of all: a cumulative distribution, or one over time. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface SimulationReport {
  readonly world: WorldOptions;
  /** Viewers that were counted, those who left and came included, and how many there were at a time. */
  readonly viewers: { readonly counted: number; readonly most: number };
  /**
   * Copies of each part that left the origin for who means well, and why they were asked for; means of those that attackers took for themselves
   * apart, since no swarm could spare the origin those. Of a publisher: all copies that it sent.
   */
  readonly copies: Quantiles & {
    readonly byReason: Readonly<Record<FetchReason, number>>;
    readonly toRiders: number;
    readonly toPolluters: number;
  };
  /** From when a part was made until a viewer that was there by then had it whole. */
  readonly delayMs: Quantiles & { readonly p999: number };
  /** From coming to playing. */
  readonly startupMs: Quantiles;
  /** Of the players behind the live edge, when they left or all ended. */
  readonly latencyMs: Quantiles;
  readonly deadlines: {
    readonly played: number;
    readonly missed: number;
    readonly missedShare: number;
    /** Of the time watched. */
    readonly stalledShare: number;
  };
  readonly parts: Readonly<Record<PartSource, number>> & { readonly peerShare: number };
  /** Over the whole run. Shares are of the bytes of pieces. */
  readonly traffic: {
    readonly pieceBytes: number;
    readonly controlBytes: number;
    readonly controlShare: number;
    /** Pieces that came twice. */
    readonly wastedShare: number;
    readonly frames: Readonly<Partial<Record<PeerFrame["kind"], FrameCount>>>;
  };
  /** Bytes sent over the bytes of the stream, of viewers that share: 1 gives as much as it takes. */
  readonly upload: Quantiles & { readonly p10: number; readonly p90: number; readonly gini: number };
  readonly bans: {
    readonly polluters: number;
    readonly riders: number;
    readonly honest: number;
    readonly reasons: Readonly<Record<string, number>>;
    /** Parts that an honest engine gave out with bytes that are not the stream's. */
    readonly pollutedParts: number;
  };
  readonly curves: {
    readonly delay: readonly Point[];
    readonly upload: readonly Point[];
    readonly copies: readonly Point[];
    readonly attackers: readonly Point[];
    readonly missed: readonly Point[];
    readonly viewers: readonly Point[];
  };
  readonly events: number;
}

/** What a run cost the machine, which is not the same twice. */
export interface SimulationCost {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of processor time. */
  readonly eventsPerSecond: number;
  /** Processor time for a second of one viewer: its engine, and its share of the network and the rest. */
  readonly cpuMsPerViewerSecond: number;
  /** Of everything, over the viewers there are at the end; undefined where the host cannot tell. */
  readonly heapBytesPerPeer: number | undefined;
}

/** Parts that were made so shortly before the end may still be on their way. */
const UNFINISHED_MS = 3000;
const CURVE_POINTS = 200;
const CHART_STEP_S = 5;

export function reportOf(world: World): SimulationReport {
  const { options, census, network, clock } = world;
  const copies = copiesOf(census.copies, census, options);
  const { missed, played, partsBySource, uploadShares } = census;
  const frames = Object.fromEntries(network.sent) as Partial<Record<PeerFrame["kind"], FrameCount>>;
  const pieceBytes = frames.piece?.bytes ?? 0;
  const controlBytes = [...network.sent.values()].reduce((sum, { bytes }) => sum + bytes, 0) - pieceBytes;
  const parts = partsBySource.peer + partsBySource.origin + partsBySource.own;
  return {
    world: options,
    viewers: { counted: census.viewers, most: Math.max(...census.seconds.map(({ viewers }) => viewers)) },
    copies: {
      ...quantilesOf(copies),
      byReason: census.reasons,
      toRiders: mean(copiesOf(census.copiesToRiders, census, options)),
      toPolluters: mean(copiesOf(census.copiesToPolluters, census, options)),
    },
    delayMs: { ...durations(census.delays), p999: census.delays.quantileMs(0.999) },
    startupMs: durations(census.startups),
    latencyMs: durations(census.latencies),
    deadlines: {
      played,
      missed,
      missedShare: ratio(missed, played),
      stalledShare: ratio(census.stallMs, census.watchedMs),
    },
    parts: { ...partsBySource, peerShare: ratio(partsBySource.peer, parts) },
    traffic: {
      pieceBytes,
      controlBytes,
      controlShare: ratio(controlBytes, pieceBytes),
      wastedShare: ratio(census.wastedBytes, pieceBytes),
      frames,
    },
    upload: {
      ...quantilesOf(uploadShares),
      p10: quantile(uploadShares, 0.1),
      p90: quantile(uploadShares, 0.9),
      gini: gini(uploadShares),
    },
    bans: {
      polluters: census.bannedPolluters,
      riders: census.bannedRiders,
      honest: census.bannedHonest,
      reasons: Object.fromEntries(census.banReasons),
      pollutedParts: census.pollutedParts,
    },
    curves: {
      delay: census.delays.cumulative(CURVE_POINTS).map(({ ms, share }) => ({ x: ms, y: share })),
      upload: Array.from({ length: CURVE_POINTS }, (_, at) => ({
        x: quantile(uploadShares, at / CURVE_POINTS),
        y: at / CURVE_POINTS,
      })),
      ...overTime(census, options),
    },
    events: clock.fired,
  };
}

function copiesOf(
  copies: ReadonlyMap<number, number>,
  { fromMs, untilMs }: Census,
  { partMs }: WorldOptions,
): readonly number[] {
  const first = Math.ceil(fromMs / partMs);
  const last = Math.floor((untilMs - UNFINISHED_MS) / partMs);
  return Array.from({ length: Math.max(0, last - first) }, (_, at) => copies.get(first + at) ?? 0);
}

/** In steps of some seconds, counted from when counting starts. */
function overTime({ copies, copiesToRiders, copiesToPolluters, seconds, fromMs }: Census, { partMs }: WorldOptions) {
  const steps = Math.floor(seconds.length / CHART_STEP_S);
  const shown = { copies: [] as Point[], attackers: [] as Point[], missed: [] as Point[], viewers: [] as Point[] };
  for (let step = 0; step < steps; step++) {
    const of = seconds.slice(step * CHART_STEP_S, (step + 1) * CHART_STEP_S);
    const x = step * CHART_STEP_S - fromMs / 1000;
    const first = Math.floor((step * CHART_STEP_S * 1000) / partMs);
    const last = Math.floor(((step + 1) * CHART_STEP_S * 1000) / partMs);
    const indices = Array.from({ length: last - first }, (_, at) => first + at);
    const meanOf = (counts: ReadonlyMap<number, number>): number =>
      mean(indices.map((index) => counts.get(index) ?? 0));
    shown.copies.push({ x, y: meanOf(copies) });
    shown.attackers.push({ x, y: meanOf(copiesToRiders) + meanOf(copiesToPolluters) });
    const played = of.reduce((sum, second) => sum + second.played, 0);
    shown.missed.push({
      x,
      y: ratio(
        of.reduce((sum, second) => sum + second.missed, 0),
        played,
      ),
    });
    shown.viewers.push({ x, y: Math.max(...of.map(({ viewers }) => viewers)) });
  }
  return shown;
}

const ratio = (part: number, all: number): number => (all === 0 ? 0 : part / all);

const quantilesOf = (values: readonly number[]): Quantiles => ({
  mean: mean(values),
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
});

const durations = (count: DelayCount): Quantiles => ({
  mean: count.meanMs,
  p50: count.quantileMs(0.5),
  p95: count.quantileMs(0.95),
  p99: count.quantileMs(0.99),
});
