import { describe, expect, test } from "vitest";
import { chartsOf } from "./charts.ts";
import { tableOf } from "./report-table.ts";
import { type Simulation, simulate } from "./simulate.ts";
import { type EngineName, resolveWorld, type WorldOptions } from "./world-options.ts";

const CALM: Partial<WorldOptions> = {
  peers: 30,
  minutes: 0.1,
  rampMs: 4000,
  settleMs: 12_000,
  churn: 0,
  flash: 0,
  leaves: 0,
  riders: 0,
  polluters: 0,
};

const run = (options: Partial<WorldOptions>): Promise<Simulation> => simulate(options, { now: () => 0 });

describe("a world", () => {
  test("of thirty viewers that stay gets every part in time, nearly all of it from peers", async () => {
    const { report } = await run(CALM);
    expect(report.viewers).toEqual({ counted: 30, most: 30 });
    expect(report.deadlines.missed).toBe(0);
    expect(report.deadlines.played).toBeGreaterThan(30 * 17);
    expect(report.copies.mean).toBeGreaterThanOrEqual(1);
    expect(report.parts.peerShare).toBeGreaterThan(0.8);
    expect(report.delayMs.p50).toBeLessThan(1000);
    expect(report.bans.pollutedParts).toBe(0);
  });

  test("with polluters accepts nothing of theirs, and bans them", async () => {
    const { report } = await run({ ...CALM, polluters: 0.2 });
    expect(report.bans.pollutedParts).toBe(0);
    expect(report.bans.polluters).toBeGreaterThan(5);
    expect(report.deadlines.missedShare).toBeLessThan(0.01);
  });

  test("tells what attackers take of the origin apart from what the swarm costs", async () => {
    const { report } = await run({ ...CALM, riders: 0.2, polluters: 0.2, engine: "pull" });
    const { mean, toRiders, toPolluters } = report.copies;
    // Pull takes each viewer's copy of the origin: how many there are of each kind depends on chance, that they are thirty does not.
    expect(toRiders).toBeGreaterThan(1);
    expect(toPolluters).toBeGreaterThan(1);
    expect(mean + toRiders + toPolluters).toBeCloseTo(30, 0);
    expect(Math.max(...report.curves.attackers.map(({ y }) => y))).toBeCloseTo(toRiders + toPolluters, 0);
  });

  test("gives the same report for the same seed, and another for another", async () => {
    const world = { ...CALM, minutes: 0.1, churn: 1, polluters: 0.1 };
    const first = JSON.stringify((await run(world)).report);
    expect(JSON.stringify((await run(world)).report)).toBe(first);
    expect(JSON.stringify((await run({ ...world, seed: 2 })).report)).not.toBe(first);
  });

  test("has the same audience whatever runs on it", async () => {
    const viewersOf = async (engine: EngineName) =>
      (await run({ ...CALM, minutes: 0.1, churn: 2, engine })).report.curves.viewers;
    expect(await viewersOf("pull")).toEqual(await viewersOf("tree"));
  });

  test("of a publisher gets every part over its uplink alone", async () => {
    const { report } = await run({ ...CALM, source: "publisher" });
    expect(report.parts.origin).toBe(0);
    expect(report.parts.peerShare).toBe(1);
    expect(report.copies.mean).toBeGreaterThan(0.9);
    expect(report.copies.mean).toBeLessThan(2.6);
    expect(report.deadlines.missedShare).toBeLessThan(0.02);
  });
});

describe("what the swarm is held against", () => {
  test("pull with time windows takes everything from the origin where players are at the live edge", async () => {
    const { report } = await run({ ...CALM, minutes: 0.1, engine: "pull" });
    expect(report.copies.mean).toBeCloseTo(30, 0);
    expect(report.deadlines.missed).toBe(0);
  });

  test("one tree gets by with few copies where nobody leaves", async () => {
    const { report } = await run({ ...CALM, minutes: 0.1, engine: "tree" });
    expect(report.copies.mean).toBeLessThan(15);
    expect(report.parts.peerShare).toBeGreaterThan(0.7);
  });
});

describe("a report", () => {
  test("is told as a table and as charts, engines side by side", async () => {
    const world = { ...CALM, minutes: 0.1 };
    const simulations = new Map([
      ["swarm", await run(world)],
      ["pull", await run({ ...world, engine: "pull" })],
    ]);
    const lines = tableOf(simulations).split("\n");
    expect(lines[0]).toBe("|  | swarm | pull |");
    expect(lines.find((line) => line.includes("copies from the origin"))).toMatch(/\| \d+\.\d+ \| 30(\.0)? \|$/);
    const charts = chartsOf(new Map([...simulations].map(([name, { report }]) => [name, report])));
    expect([...charts.keys()]).toEqual(["delay.svg", "copies.svg", "attackers.svg", "missed.svg", "upload.svg"]);
    for (const svg of charts.values()) {
      expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 720 380"[\s\S]*<\/svg>\n$/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.match(/<polyline/g)).toHaveLength(2);
    }
  });

  test("is of what was until then where the run is ended early", async () => {
    const aborter = new AbortController();
    const progress = ({ share }: { share: number }): void => {
      if (share > 0.9) aborter.abort();
    };
    const { report } = await simulate(CALM, { now: () => 0, progress, signal: aborter.signal });
    expect(report.deadlines.played).toBeGreaterThan(0);
    expect(report.deadlines.played).toBeLessThan(30 * 18);
  });
});

test.each([
  [{ peers: 0 }, /peers: expected 1 to 1000000, got 0/],
  [{ minutes: Number.NaN }, /minutes: expected .*, got NaN/],
  [{ polluters: 0.6, riders: 0.5 }, /at most everybody/],
])("resolveWorld(%j) is refused", (world, message) => {
  expect(() => resolveWorld(world)).toThrow(message);
});
