import { cpus, totalmem } from "node:os";
import type { Group, Result } from "./measure.ts";

export interface Report {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly node: string };
  /** ISO 8601. */
  readonly date: string;
  readonly loadAtStart: number;
  readonly loadAtEnd: number;
  readonly rounds: number;
  readonly results: readonly Result[];
}

export function machine(): Report["machine"] {
  const all = cpus();
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  return { cpu: all[0]?.model.trim() ?? "unknown", cores: all.length, memoryGiB, node: process.version };
}

/** Three digits and a unit. */
function time(ns: number): string {
  const [value, unit] = ns < 1e3 ? [ns, "ns"] : ns < 1e6 ? [ns / 1e3, "us"] : [ns / 1e6, "ms"];
  return `${value.toPrecision(3)} ${unit}`;
}

function rate({ p50Ns, sizeBytes }: Result): string {
  if (sizeBytes !== undefined) return `${Math.round((sizeBytes / p50Ns) * 1e3).toLocaleString("en")} MB/s`;
  const perSecond = 1e9 / p50Ns;
  return perSecond >= 1e6
    ? `${(perSecond / 1e6).toPrecision(3)} M/s`
    : `${Math.round(perSecond).toLocaleString("en")}/s`;
}

function target({ targetNs, p50Ns }: Result): string {
  if (targetNs === undefined) return "";
  return p50Ns <= targetNs ? `${time(targetNs)}: held` : `${time(targetNs)}: **missed**`;
}

const keyOf = ({ group, name }: Result): string => `${group}: ${name}`;

/** The tables of a report; with an old one, how many times as long each line takes now. */
export function markdown(report: Report, groups: readonly Group[], old?: Report): string {
  const { machine: host, date, loadAtStart, loadAtEnd, rounds, results } = report;
  const before = new Map(old?.results.map((result) => [keyOf(result), result]));
  const lines = [
    `${host.cpu}, ${host.cores} cores, ${host.memoryGiB} GiB, Node ${host.node}, ${date.slice(0, 10)}. ` +
      `Load average ${loadAtStart.toFixed(1)} at the start, ${loadAtEnd.toFixed(1)} at the end. Times are of one operation, in the quietest of ${rounds} rounds.`,
  ];
  for (const { title, about } of groups) {
    const rows = results.filter(({ group }) => group === title);
    if (rows.length === 0) continue;
    lines.push("", `### ${title}`, "", about, "");
    const versus = old === undefined ? "" : " now / before |";
    lines.push(
      `| | p50 | p99 | mean | rate at p50 | target |${versus}`,
      `|---|--:|--:|--:|--:|---|${versus && "--:|"}`,
    );
    for (const row of rows) {
      const was = before.get(keyOf(row));
      const ratio = old === undefined ? "" : ` ${was === undefined ? "new" : (row.p50Ns / was.p50Ns).toFixed(2)} |`;
      lines.push(
        `| ${row.name} | ${time(row.p50Ns)} | ${time(row.p99Ns)} | ${time(row.averageNs)} | ${rate(row)} | ${target(row)} |${ratio}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
