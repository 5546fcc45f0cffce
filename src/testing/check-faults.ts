import { checkNumber, checkOneOf } from "../model/checks.ts";
import { RelayError } from "../model/errors.ts";
import type { AnswerFault, OriginFault, ProducerFault, RequestMatch } from "./origin-fault.ts";

/** Faults of one stream, those that are over included. */
export const MAX_FAULTS = 100;
/** Longest time that anything is asked to last, or to be at. */
const MAX_FAULT_TIME_MS = 24 * 3_600_000;
const MAX_LATENCY_MS = 60_000;
const MAX_COUNT = 1_000;
const MAX_SEQUENCE = 2 ** 31;

/** What each kind may say beside `kind`, `atMs` and `on`, and what must hold of it. */
type Check = (what: string, value: unknown, world: FaultWorld) => unknown;

/** What faults are checked against. */
export interface FaultWorld {
  readonly renditions: readonly string[];
  /** How many of them have pictures. */
  readonly videoRenditions: number;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  /** Whether there is a worker that can be killed. */
  readonly hasWorker: boolean;
}

const number =
  (min: number, max: number): Check =>
  (what, value) =>
    checkNumber(what, value, min, max);
const whole =
  (min: number, max: number): Check =>
  (what, value) => {
    if (Number.isSafeInteger(value)) return checkNumber(what, value, min, max);
    throw new RelayError("invalid-option", `${what}: expected a whole number, got ${shown(value)}`);
  };
const optional =
  (check: Check): Check =>
  (what, value, world) =>
    value === undefined ? undefined : check(what, value, world);
const flag: Check = (what, value) => {
  if (typeof value === "boolean") return value;
  throw new RelayError("invalid-option", `${what}: expected true or false, got ${shown(value)}`);
};
const rendition: Check = (what, value, { renditions }) => checkOneOf(what, value, renditions);
const lostParts: Check = (what, value, { partTargetMs, targetDurationMs }) =>
  // The relay takes a hole up to a target duration; beyond, a producer has to say that its timeline is another.
  whole(1, Math.floor(targetDurationMs / partTargetMs))(what, value, EMPTY_WORLD);
const sizes: Check = (what, value, { videoRenditions }) => {
  if (Array.isArray(value) && value.length === videoRenditions) return value;
  const got = Array.isArray(value) ? `${value.length} sizes` : shown(value);
  throw new RelayError("invalid-option", `${what}: expected ${videoRenditions} sizes, got ${got}`);
};
const leap: Check = (what, value) => {
  const leapMs = checkNumber(what, value, 1_000, MAX_FAULT_TIME_MS);
  if (leapMs % 1_000 === 0) return leapMs;
  throw new RelayError("invalid-option", `${what}: expected whole seconds in ms, got ${leapMs}`);
};

const duration = number(1, MAX_FAULT_TIME_MS);
const WHILE_ANSWERING = { durationMs: optional(duration), times: optional(whole(1, Number.MAX_SAFE_INTEGER)) };

const ANSWER_CHECKS: { readonly [Kind in AnswerFault["kind"]]: Readonly<Record<string, Check>> } = {
  latency: { ...WHILE_ANSWERING, ms: number(0, MAX_LATENCY_MS), jitterMs: optional(number(0, MAX_LATENCY_MS)) },
  throughput: { ...WHILE_ANSWERING, bitsPerSecond: number(1_000, 1e12) },
  status: { ...WHILE_ANSWERING, status: whole(400, 599) },
  hang: WHILE_ANSWERING,
  reset: { ...WHILE_ANSWERING, afterShare: optional(number(0, 1)) },
  corrupt: { ...WHILE_ANSWERING, bytes: optional(whole(1, 1_000_000)) },
  truncate: { ...WHILE_ANSWERING, share: optional(number(0, 1)) },
  "stale-playlist": WHILE_ANSWERING,
  "sequence-jump": { ...WHILE_ANSWERING, by: whole(-MAX_SEQUENCE, MAX_SEQUENCE) },
  "wrong-duration": { ...WHILE_ANSWERING, factor: number(0.01, 100) },
  "rendition-lost": { ...WHILE_ANSWERING, rendition },
};

const PRODUCER_CHECKS: { readonly [Kind in ProducerFault["kind"]]: Readonly<Record<string, Check>> } = {
  stall: { durationMs: duration, catchUp: optional(flag) },
  "part-lost": { count: optional(lostParts), rendition: optional(rendition) },
  gap: { count: optional(whole(1, MAX_COUNT)), rendition: optional(rendition) },
  discontinuity: { leapMs: optional(leap) },
  "init-change": { video: sizes },
  "clock-drift": { rate: number(0.5, 2), durationMs: optional(duration) },
  end: {},
  restart: {},
  "worker-killed": {},
};

const CHECKS = { ...ANSWER_CHECKS, ...PRODUCER_CHECKS };
const KINDS = Object.keys(CHECKS) as readonly OriginFault["kind"][];
const MATCH_CHECKS: { readonly [Key in keyof Required<RequestMatch>]: Check } = {
  kind: (what, value) => checkOneOf(what, value, ["multivariant", "media", "init", "part", "segment"]),
  rendition,
  msn: whole(0, MAX_SEQUENCE),
  part: whole(0, MAX_SEQUENCE),
  nth: whole(1, MAX_SEQUENCE),
};

/** Whether it happens to answers, and not to what is published. */
export function isAnswerFault(fault: OriginFault): fault is AnswerFault {
  return fault.kind in ANSWER_CHECKS;
}

/**
 * Holds a script, or what is added to one of `had` faults, against what a fault may be.
 * @throws RelayError `invalid-option`, which names the fault, what was expected of it and what came
 */
export function checkFaults(faults: unknown, world: FaultWorld, had = 0): readonly OriginFault[] {
  if (!Array.isArray(faults) || had + faults.length > MAX_FAULTS) {
    const got = Array.isArray(faults) ? `${had + faults.length}` : shown(faults);
    throw new RelayError("invalid-option", `faults: expected a list of at most ${MAX_FAULTS}, got ${got}`);
  }
  return faults.map((fault, index) => checkFault(`faults[${index}]`, fault, world));
}

function checkFault(what: string, fault: unknown, world: FaultWorld): OriginFault {
  const given = record(what, fault);
  const kind = checkOneOf(`${what}.kind`, given.kind, KINDS);
  const named = `${what} (${kind})`;
  const checks: Readonly<Record<string, Check>> = {
    kind: () => kind,
    atMs: optional(number(0, MAX_FAULT_TIME_MS)),
    on: optional(match),
    ...CHECKS[kind],
  };
  checkKeys(named, given, checks, world);
  if (kind === "worker-killed" && !world.hasWorker) {
    throw new RelayError("invalid-option", `${named}: expected host "worker", got an origin without a worker`);
  }
  return given as unknown as OriginFault;
}

const match: Check = (what, value, world) => {
  const given = record(what, value);
  checkKeys(what, given, MATCH_CHECKS, world);
  return given;
};

function checkKeys(
  what: string,
  given: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
  world: FaultWorld,
): void {
  // A name that is mistyped would be a fault that quietly never comes.
  for (const key of Object.keys(given)) checkOneOf(`${what}: a name in it`, key, Object.keys(checks));
  for (const [key, check] of Object.entries(checks)) {
    const value = given[key];
    // `on` is optional, and what it holds is too.
    if (checks === MATCH_CHECKS && value === undefined) continue;
    check(`${what}.${key}`, value, world);
  }
}

function record(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RelayError("invalid-option", `${what}: expected an object, got ${shown(value)}`);
}

function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value).slice(0, 80);
}

const EMPTY_WORLD: FaultWorld = {
  renditions: [],
  videoRenditions: 0,
  partTargetMs: 1,
  targetDurationMs: 1,
  hasWorker: false,
};
