import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { RelayError } from "../model/errors.ts";
import { chartsOf } from "../simulate/charts.ts";
import { ENGINES } from "../simulate/engines.ts";
import { tableOf } from "../simulate/report-table.ts";
import { type Simulation, simulate } from "../simulate/simulate.ts";
import { DEFAULT_WORLD, type EngineName, resolveWorld, type WorldOptions } from "../simulate/world-options.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";

type WorldName = Exclude<keyof WorldOptions, "engine">;
const SHOWN_ABOVE = new Set(["engine", "peers", "minutes", "seed"]);
const WORLD_NAMES = Object.keys(DEFAULT_WORLD).filter((name) => name !== "engine") as WorldName[];

const optionOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function worldOptions(): string {
  const names = Object.entries(DEFAULT_WORLD).filter(([name]) => !SHOWN_ABOVE.has(name));
  const texts = names.map(([name, value]) => `--${optionOf(name)} ${value}`);
  const lines = [];
  for (let at = 0; at < texts.length; at += 4) lines.push(`  ${texts.slice(at, at + 4).join("  ")}`);
  return lines.join("\n");
}

const USAGE = `usage: eddy-hls simulate [--peers 1000] [--minutes 2] [--seed 1] [--engine swarm,pull,pull-late,tree] [--out folder] [--json]

Runs the swarm's own code over virtual time and a modelled network and audience, and tells what came of it.

  --peers n         viewers at a time
  --minutes n       how long is measured, after everybody has come and settled
  --seed n          the same seed and options give the same report
  --engine names    what runs: swarm, or what it is held against in the same world: pull (time windows, as the best engine has them),
                    pull-late (the same, with windows as short as parts allow), tree (one push tree)
  --out folder      writes report.json and charts as SVG there
  --json            the reports as JSON, and nothing else, on standard output

Of the world, with what they are by default; shares are from 0 to 1:
${worldOptions()}

Exit code: 0, and 2 when there is no such option.`;

/** `eddy-hls simulate`. */
export const simulateCommand: Command<Arguments> = { usage: USAGE, read: readArguments, run };

interface Arguments {
  readonly world: Partial<WorldOptions>;
  readonly engines: readonly EngineName[];
  readonly out: string | undefined;
  readonly json: boolean;
}

async function run({ world, engines, out, json }: Arguments, context: CommandContext): Promise<ExitCode> {
  const simulations = new Map<string, Simulation>();
  try {
    for (const engine of engines) {
      if (!context.signal.aborted) simulations.set(engine, await simulateOne({ ...world, engine }, context));
    }
  } finally {
    context.status?.();
  }
  const plain = Object.fromEntries([...simulations].map(([name, { report, cost }]) => [name, { ...report, cost }]));
  context.out(json ? JSON.stringify(plain, null, 1) : tableOf(simulations));
  if (out !== undefined) {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "report.json"), `${JSON.stringify(plain, null, 1)}\n`);
    const charts = chartsOf(new Map([...simulations].map(([name, { report }]) => [name, report])));
    for (const [name, svg] of charts) writeFileSync(join(out, name), svg);
  }
  return 0;
}

function simulateOne(world: Partial<WorldOptions>, { status, err, signal }: CommandContext): Promise<Simulation> {
  const startMs = performance.now();
  let tenths = 1;
  return simulate(world, {
    now: () => performance.now(),
    cpuMs,
    heapBytes,
    pause: () => pause(),
    signal,
    progress: ({ share, viewers, events }) => {
      const tookS = (performance.now() - startMs) / 1000;
      const leftS = Math.round((tookS / share) * (1 - share));
      const line = `${world.engine}: ${Math.round(100 * share)} %, ${viewers} viewers, ${events} events, ${leftS} s left`;
      if (status !== undefined) return status(line);
      // Into a log, a line now and then.
      if (share < tenths / 10) return;
      tenths = Math.floor(10 * share) + 1;
      err(line);
    },
  });
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function heapBytes(): number {
  // Without --expose-gc, what is not collected yet counts too.
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** @throws RelayError `invalid-option` */
function readArguments(args: readonly string[]): Arguments {
  const { out, json, engine, ...given } = parse(args);
  const world: Record<string, number | string> = {};
  for (const name of WORLD_NAMES) {
    const value = given[optionOf(name)];
    if (typeof value !== "string") continue;
    // Nothing is no number, though it counts as 0.
    world[name] = typeof DEFAULT_WORLD[name] === "number" ? Number(value.trim() || Number.NaN) : value;
  }
  if (world.source !== undefined && world.source !== "origin" && world.source !== "publisher") {
    throw new RelayError("invalid-option", `--source: expected origin or publisher, got ${world.source}`);
  }
  const engines = [...new Set(String(engine).split(","))];
  const unknown = engines.find((name) => !Object.hasOwn(ENGINES, name));
  if (unknown !== undefined) {
    throw new RelayError("invalid-option", `--engine: expected some of ${Object.keys(ENGINES)}, got ${unknown}`);
  }
  resolveWorld(world);
  return {
    world,
    engines: engines as EngineName[],
    out: typeof out === "string" ? out : undefined,
    json: json === true,
  };
}

function parse(args: readonly string[]): Record<string, string | boolean | undefined> {
  const ofWorld = Object.fromEntries(WORLD_NAMES.map((name) => [optionOf(name), { type: "string" as const }]));
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...ofWorld,
        engine: { type: "string", default: "swarm" },
        out: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    return values as Record<string, string | boolean | undefined>;
  } catch (cause) {
    throw new RelayError("invalid-option", `${cause instanceof Error ? cause.message : cause}\n\n${USAGE}`, { cause });
  }
}
