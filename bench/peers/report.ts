import { cpus, totalmem } from "node:os";

export interface Viewed {
  readonly startMs: number | undefined;
  readonly latenciesMs: readonly number[];
  readonly stalls: readonly { readonly ms: number; readonly aheadMs: number }[];
  readonly fatal: readonly string[];
  /** As the engine tells; undefined where it has no peers. */
  readonly peerBytes?: number;
  readonly uploadedBytes?: number;
}

export interface Measured {
  readonly id: string;
  readonly name: string;
  readonly viewers: readonly Viewed[];
  /** Of what all viewers were sent of media, the part that did not come from the origin. */
  readonly offload: number;
  /** Of each part, alone or in its segment, mean. */
  readonly copies: number;
  readonly originBytes: number;
  readonly publishedBytes: number;
  /** Of all of the browser's processes, in cores. */
  readonly cores: number;
}

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly browser: string;
  readonly viewers: number;
  readonly observedS: number;
  readonly modes: readonly Measured[];
}

export function machine(): string {
  const [first] = cpus();
  return `${first?.model.trim() || "unknown"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) * share)];
}

const seconds = (ms: number | undefined): string => (ms === undefined ? "-" : (ms / 1000).toFixed(2));

function row({ name, viewers, offload, copies, cores }: Measured): string {
  const latencies = viewers.flatMap(({ latenciesMs }) => latenciesMs);
  const stalls = viewers.flatMap((viewer) => viewer.stalls);
  const busy = stalls.filter(({ aheadMs }) => aheadMs > 200).length;
  const starts = viewers.flatMap(({ startMs }) => (startMs === undefined ? [] : [startMs]));
  const cells = [
    name,
    `${Math.round(offload * 100)} %`,
    copies.toFixed(2),
    `${seconds(quantile(latencies, 0.5))} / ${seconds(quantile(latencies, 0.95))}`,
    `${stalls.length - busy} (${busy})`,
    seconds(stalls.reduce((sum, { ms }) => sum + ms, 0)),
    cores.toFixed(2),
    `${seconds(quantile(starts, 0.5))} / ${seconds(Math.max(...starts))}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

export function table(report: Report): string {
  return [
    "| | from peers | copies of each part | latency, s, p50 / p95 | stalls (busy machine) | stalled, s | CPU, cores | start, s, p50 / most |",
    "|---|--:|--:|--:|--:|--:|--:|--:|",
    ...report.modes.map(row),
  ].join("\n");
}
