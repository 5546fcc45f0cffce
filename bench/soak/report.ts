import type { Slope } from "./memory-log.ts";

/** What came of a soak. */
export interface SoakReport {
  readonly minutes: number;
  /** That the browser kept busy. */
  readonly cores: number;
  readonly seed: number;
  readonly streams: number;
  readonly tabs: number;
  /** `unseen`: their reader was away for longer than the window lasts. */
  readonly parts: { readonly acknowledged: number; readonly found: number; readonly unseen: number };
  readonly events: Readonly<Record<string, number>>;
  readonly attackAnswers: Readonly<Record<string, number>>;
  /** MUSTs of time that the validator found broken: told, and not held against anybody. */
  readonly lateRules: Readonly<Record<string, number>>;
  /** Looks at a player that found a number in its picture. */
  readonly framesSeen: number;
  /** The worker's heap and buffers, in each stretch without kills. */
  readonly memory: readonly Slope[];
  /** What must not have happened, and how often it did. */
  readonly faults: Readonly<Record<string, number>>;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, times]) => `${what}: ${times.toLocaleString("en")}`)
    .join(", ") || "none";

/** The table of docs/soak.md. */
export function tableOf(report: SoakReport): string {
  const { parts, memory, faults } = report;
  const rows: readonly (readonly [string, string])[] = [
    ["length", `${report.minutes.toFixed(0)} minutes, seed ${report.seed}`],
    ["cores that the browser kept busy", report.cores.toFixed(2)],
    ["streams, tabs", `${report.streams}, ${report.tabs}`],
    ["parts acknowledged", parts.acknowledged.toLocaleString("en")],
    ["found where the worker said, byte for byte", parts.found.toLocaleString("en")],
    ["not looked for, since their reader was away for longer than the window lasts", String(parts.unseen)],
    ["what was done to it", listed(report.events)],
    ["answers to attacks", listed(report.attackAnswers)],
    ["MUSTs of time that a busy machine broke", listed(report.lateRules)],
    ["pictures of players that showed their number", String(report.framesSeen)],
    ...memory.map(
      ({ minutes, firstBytes, lastBytes, bytesPerMinute }) =>
        [
          `memory of the worker over ${minutes.toFixed(0)} minutes`,
          `${megabytes(firstBytes)} MB, then ${megabytes(lastBytes)} MB (${(bytesPerMinute / 1000).toFixed(0)} kB a minute)`,
        ] as const,
    ),
    ["what must not happen, and did", listed(faults)],
  ];
  return ["| what | how much |", "|---|---|", ...rows.map(([what, much]) => `| ${what} | ${much} |`)].join("\n");
}
