import { reportOf, type SimulationCost, type SimulationReport } from "./report.ts";
import { World } from "./world.ts";
import { resolveWorld, type WorldOptions } from "./world-options.ts";

/** What the machine tells and does; none of it changes what is simulated. */
export interface SimulationHost {
  /** Milliseconds of real time. */
  readonly now: () => number;
  /** Milliseconds of processor time of this process: other processes slow the run, and not this. */
  readonly cpuMs?: () => number;
  /** Bytes in use, after a collection if that can be had. */
  readonly heapBytes?: () => number;
  /** Called between steps: lets other things happen. */
  readonly pause?: () => Promise<void>;
  readonly progress?: (done: { readonly share: number; readonly viewers: number; readonly events: number }) => void;
  /** Ends the run at the next step: the report is of what was until then. */
  readonly signal?: AbortSignal;
}

export interface Simulation {
  readonly report: SimulationReport;
  readonly cost: SimulationCost;
}

const STEP_MS = 500;

/** Runs a world from its start to its end. @throws RelayError `invalid-option` */
export async function simulate(options: Partial<WorldOptions>, host: SimulationHost): Promise<Simulation> {
  const heapBefore = host.heapBytes?.();
  const startMs = host.now();
  const startCpuMs = host.cpuMs?.();
  const world = new World(resolveWorld(options));
  const { clock, endMs } = world;
  while (clock.now() < endMs && host.signal?.aborted !== true) {
    world.runUntil(Math.min(endMs, clock.now() + STEP_MS));
    host.progress?.({ share: clock.now() / endMs, viewers: world.viewers.size, events: clock.fired });
    await host.pause?.();
  }
  world.end();
  const wallMs = host.now() - startMs;
  const cpuMs = startCpuMs === undefined ? wallMs : host.cpuMs!() - startCpuMs;
  const heapAfter = host.heapBytes?.();
  const heapBytesPerPeer =
    heapBefore === undefined || heapAfter === undefined
      ? undefined
      : Math.round((heapAfter - heapBefore) / Math.max(1, world.viewers.size));
  const viewerSeconds = world.census.seconds.reduce((sum, { viewers }) => sum + viewers, 0);
  const cost = {
    wallMs,
    cpuMs,
    eventsPerSecond: (clock.fired * 1000) / cpuMs,
    cpuMsPerViewerSecond: cpuMs / Math.max(1, viewerSeconds),
    heapBytesPerPeer,
  };
  return { report: reportOf(world), cost };
}
