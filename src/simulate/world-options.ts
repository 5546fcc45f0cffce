import { RelayError } from "../model/errors.ts";

export type EngineName = "swarm" | "pull" | "pull-late" | "tree";
export type SourceKind = "origin" | "publisher";

/** A world, all of it: the same options give the same report. Rates are shares from 0 to 1. */
export interface WorldOptions {
  readonly engine: EngineName;
  readonly peers: number;
  /** How long is measured, after everybody has come and settled. */
  readonly minutes: number;
  /** Everybody comes within this; then the swarm settles for so long, and counting starts. */
  readonly rampMs: number;
  readonly settleMs: number;
  readonly seed: number;
  /** `origin`: an HTTP origin that every viewer can ask. `publisher`: a page that has the stream, and its uplink. */
  readonly source: SourceKind;
  readonly bitsPerSecond: number;
  readonly partMs: number;
  readonly partsPerSegment: number;
  /** Behind the live edge at which players want to play. */
  readonly latencyMs: number;
  readonly neighbours: number;
  /** Whole parts are kept for others so long. A page keeps them longer; here it would only cost memory. */
  readonly keepMs: number;
  /** Share of viewers that leave in a minute; as many come. */
  readonly churn: number;
  /** Share of those who leave without a word. */
  readonly crashes: number;
  /** So long it takes, on average, until the peers of who crashed are told by their transport. */
  readonly detectionMs: number;
  /** Half way, so many come within five seconds, as a share of all. */
  readonly flash: number;
  readonly mobile: number;
  /** Share of viewers that know what their uplink sends; a page does not, unless somebody set a limit. */
  readonly told: number;
  readonly leaves: number;
  readonly riders: number;
  readonly polluters: number;
  readonly blocked: number;
  readonly loss: number;
  /** A viewer waits so long for its first peer before it asks for media. */
  readonly patienceMs: number;
  /** Publisher's uplink, where the source is one. */
  readonly publisherBps: number;
  readonly seedCopies: number;
}

export const DEFAULT_WORLD: WorldOptions = {
  engine: "swarm",
  peers: 1000,
  minutes: 2,
  rampMs: 20_000,
  settleMs: 20_000,
  seed: 1,
  source: "origin",
  bitsPerSecond: 1_500_000,
  partMs: 333,
  partsPerSegment: 6,
  latencyMs: 2000,
  neighbours: 12,
  keepMs: 10_000,
  churn: 0.2,
  crashes: 0.5,
  detectionMs: 5000,
  flash: 0.2,
  mobile: 0.35,
  told: 1,
  leaves: 0.1,
  riders: 0.05,
  polluters: 0.1,
  blocked: 0,
  loss: 0.002,
  patienceMs: 3000,
  publisherBps: 10_000_000,
  seedCopies: 2,
};

const RANGES: Readonly<
  Record<Exclude<keyof WorldOptions, "engine" | "source">, readonly [least: number, most: number]>
> = {
  peers: [1, 1_000_000],
  minutes: [0.02, 600],
  rampMs: [0, 600_000],
  settleMs: [0, 600_000],
  seed: [0, 2 ** 31],
  bitsPerSecond: [10_000, 100_000_000],
  partMs: [50, 10_000],
  partsPerSegment: [1, 100],
  latencyMs: [200, 120_000],
  neighbours: [1, 100],
  keepMs: [1000, 600_000],
  churn: [0, 10],
  crashes: [0, 1],
  detectionMs: [0, 60_000],
  flash: [0, 100],
  mobile: [0, 1],
  told: [0, 1],
  leaves: [0, 1],
  riders: [0, 1],
  polluters: [0, 1],
  blocked: [0, 1],
  loss: [0, 0.3],
  patienceMs: [0, 60_000],
  publisherBps: [100_000, 10_000_000_000],
  seedCopies: [1, 100],
};

/** @throws RelayError `invalid-option` */
export function resolveWorld(given: Partial<WorldOptions>): WorldOptions {
  const world = { ...DEFAULT_WORLD, ...given };
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const value = world[name as keyof typeof RANGES];
    if (!(value >= least && value <= most)) {
      throw new RelayError("invalid-option", `${name}: expected ${least} to ${most}, got ${value}`);
    }
  }
  if (world.polluters + world.riders + world.leaves > 1) {
    throw new RelayError("invalid-option", "expected polluters, riders and leaves to be at most everybody");
  }
  return world;
}
