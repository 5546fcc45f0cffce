import { fromQuantiles, type Random } from "./random.ts";

/** What a NAT lets through: `open` anybody, `restricted` whom it has sent to, `symmetric` only whom it has sent to from that port; `blocked` no UDP. */
export type NatClass = "open" | "restricted" | "symmetric" | "blocked";
/** `leaf` says that it uploads nothing; a `rider` says that it does, and sends no media; a `polluter` sends media that is not the stream's. */
export type Behaviour = "honest" | "leaf" | "rider" | "polluter";

export interface Profile {
  readonly region: number;
  readonly isMobile: boolean;
  readonly uplinkBps: number;
  readonly downlinkBps: number;
  /** One way from the machine to its provider's edge. */
  readonly accessMs: number;
  readonly jitterMs: number;
  readonly lossRate: number;
  readonly nat: NatClass;
  readonly behaviour: Behaviour;
}

export interface PopulationOptions {
  readonly mobile: number;
  readonly leaves: number;
  readonly riders: number;
  readonly polluters: number;
  readonly blocked: number;
  /** Mean share of packets lost on an access line. */
  readonly loss: number;
}

type Quantiles = readonly (readonly [share: number, value: number])[];

/**
 * Mbit/s that a line sends and receives. Made so that the means are those of the Speedtest Global Index of September 2020 (fixed 85.73 down,
 * 45.74 up; mobile 35.96 and 11.22), with the skew that such distributions have: half of the fixed lines send less than 19 Mbit/s.
 */
const FIXED_UP: Quantiles = [
  [0, 0.7],
  [0.05, 1.8],
  [0.1, 4],
  [0.25, 9],
  [0.5, 19],
  [0.75, 45],
  [0.9, 110],
  [0.97, 230],
  [1, 420],
];
const MOBILE_UP: Quantiles = [
  [0, 0.3],
  [0.1, 2],
  [0.25, 4.5],
  [0.5, 9],
  [0.75, 15],
  [0.95, 27],
  [1, 45],
];
const FIXED_DOWN: Quantiles = [
  [0, 6],
  [0.1, 16],
  [0.5, 55],
  [0.9, 170],
  [1, 390],
];
const MOBILE_DOWN: Quantiles = [
  [0, 4],
  [0.1, 9],
  [0.5, 28],
  [0.9, 65],
  [1, 130],
];

/** Where the audience is, as shares: Western Europe, US East, US West, South America, East Asia. */
const REGIONS = [0.35, 0.25, 0.15, 0.1, 0.15] as const;
/** One way between regions, in ms: about half the round trips between the data centres of public clouds there. */
const REGION_DELAYS = [
  [7, 43, 70, 100, 112],
  [43, 8, 32, 58, 78],
  [70, 32, 8, 88, 52],
  [100, 58, 88, 9, 130],
  [112, 78, 52, 130, 10],
] as const;
/** One way from a provider's edge to the origin's nearest cache. */
const EDGE_MS = 4;

/**
 * Of pairs drawn at random 19 % cannot connect without a TURN server (symmetric to symmetric, symmetric to restricted): between the 15 %
 * that Twilio and the 22 % that callstats.io have published.
 */
const NATS: readonly (readonly [NatClass, number])[] = [
  ["open", 0.32],
  ["restricted", 0.52],
  ["symmetric", 0.16],
];

export function canConnect(a: NatClass, b: NatClass): boolean {
  if (a === "blocked" || b === "blocked") return false;
  return (a !== "symmetric" || b === "open") && (b !== "symmetric" || a === "open");
}

/** One way from machine to machine. */
export const delayBetween = (a: Profile, b: Profile): number =>
  a.accessMs + b.accessMs + REGION_DELAYS[a.region]![b.region]!;

/** One way from the machine to the origin, or the cache of a CDN in front of it. */
export const delayToOrigin = (profile: Profile): number => profile.accessMs + EDGE_MS;

export const REGION_COUNT = REGIONS.length;

export function drawProfile(random: Random, options: PopulationOptions, behaviour?: Behaviour): Profile {
  const isMobile = random() < options.mobile;
  return {
    region: pick(random(), [...REGIONS.entries()]),
    isMobile,
    uplinkBps: 1e6 * fromQuantiles(random, isMobile ? MOBILE_UP : FIXED_UP),
    downlinkBps: 1e6 * fromQuantiles(random, isMobile ? MOBILE_DOWN : FIXED_DOWN),
    accessMs: isMobile ? 12 + 18 * random() : 2 + 10 * random(),
    jitterMs: isMobile ? 3 + 5 * random() : 0.5 + random(),
    // Some lines lose much, most next to nothing.
    lossRate: options.loss * 3 * random() ** 2,
    nat: random() < options.blocked ? "blocked" : pick(random(), NATS),
    behaviour: behaviour ?? drawBehaviour(random(), options),
  };
}

function drawBehaviour(at: number, { leaves, riders, polluters }: PopulationOptions): Behaviour {
  return pick(at, [
    ["polluter", polluters],
    ["rider", riders],
    ["leaf", leaves],
    ["honest", 1 - polluters - riders - leaves],
  ]);
}

function pick<T>(at: number, shares: readonly (readonly [T, number])[]): T {
  let sum = 0;
  for (const [what, share] of shares) {
    sum += share;
    if (at < sum) return what;
  }
  return shares.at(-1)![0];
}
