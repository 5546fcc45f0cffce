import type { SimulationReport } from "./report.ts";
import type { Simulation } from "./simulate.ts";

interface Row {
  readonly name: string;
  readonly value: (report: SimulationReport) => string;
}

const number = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 3 : 1)} %`;

const ROWS: readonly Row[] = [
  { name: "viewers, most at a time", value: ({ viewers }) => String(viewers.most) },
  { name: "copies from the origin per part, mean", value: ({ copies }) => number(copies.mean) },
  { name: "copies, p99", value: ({ copies }) => number(copies.p99) },
  { name: "copies to free riders, mean", value: ({ copies }) => number(copies.toRiders) },
  { name: "copies to polluters, mean", value: ({ copies }) => number(copies.toPolluters) },
  { name: "part delay p50, ms", value: ({ delayMs }) => number(delayMs.p50) },
  { name: "part delay p95, ms", value: ({ delayMs }) => number(delayMs.p95) },
  { name: "part delay p99, ms", value: ({ delayMs }) => number(delayMs.p99) },
  { name: "deadlines missed", value: ({ deadlines }) => percent(deadlines.missedShare) },
  { name: "time stalled", value: ({ deadlines }) => percent(deadlines.stalledShare) },
  { name: "start p50 / p95, ms", value: ({ startupMs }) => `${number(startupMs.p50)} / ${number(startupMs.p95)}` },
  { name: "parts from peers", value: ({ parts }) => percent(parts.peerShare) },
  { name: "control, of media", value: ({ traffic }) => percent(traffic.controlShare) },
  { name: "media that came twice", value: ({ traffic }) => percent(traffic.wastedShare) },
  {
    name: "sent over received p10 / p50 / p99",
    value: ({ upload }) => `${number(upload.p10)} / ${number(upload.p50)} / ${number(upload.p99)}`,
  },
  { name: "Gini of what is sent", value: ({ upload }) => upload.gini.toFixed(2) },
  { name: "bans of polluters", value: ({ bans }) => String(bans.polluters) },
  { name: "bans of free riders", value: ({ bans }) => String(bans.riders) },
  { name: "bans of others", value: ({ bans }) => String(bans.honest) },
  { name: "polluted parts given out", value: ({ bans }) => String(bans.pollutedParts) },
];

/** Reports side by side, as a table of Markdown. */
export function tableOf(simulations: ReadonlyMap<string, Simulation>): string {
  const named = [...simulations];
  const rows = ROWS.map(({ name, value }) => [name, ...named.map(([, { report }]) => value(report))]);
  rows.push(["events", ...named.map(([, { report }]) => `${(report.events / 1e6).toFixed(1)} M`)]);
  rows.push(["wall time, s", ...named.map(([, { cost }]) => number(cost.wallMs / 1000))]);
  rows.push(["CPU time, s", ...named.map(([, { cost }]) => number(cost.cpuMs / 1000))]);
  rows.push(["CPU per viewer and second, ms", ...named.map(([, { cost }]) => number(cost.cpuMsPerViewerSecond))]);
  rows.push(["events a second of CPU", ...named.map(([, { cost }]) => `${Math.round(cost.eventsPerSecond / 1000)} k`)]);
  rows.push([
    "heap per viewer, KB",
    ...named.map(([, { cost }]) =>
      cost.heapBytesPerPeer === undefined ? "-" : String(Math.round(cost.heapBytesPerPeer / 1000)),
    ),
  ]);
  const head = ["", ...named.map(([name]) => name)];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
