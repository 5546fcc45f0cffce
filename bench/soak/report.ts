import type { Slope } from "./memory-log.ts";

/** What came of a soak. */
export interface SoakReport {
  readonly minutes: number;
  /** That the browser kept busy. */
  readonly cores: number;
  readonly seed: number;
  readonly streams: number;
  readonly tabs: number;
  readonly parts: {
    readonly acknowledged: number;
    readonly found: number;
    /** Their reader was away for longer than the window lasts. */
    readonly unseen: number;
    /** Said to be on disk before the browser was killed, and there when it was started again. */
    readonly survived: number;
  };
  readonly events: Readonly<Record<string, number>>;
  /** How long each new worker took to take over, ascending, and how many had not within a minute. */
  readonly updates: { readonly tookMs: readonly number[]; readonly stillWaiting: number };
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

const took = (sortedMs: readonly number[]): string =>
  sortedMs.length === 0 ? "none" : `${sortedMs.length}: ${sortedMs[sortedMs.length >> 1]} ms, ${sortedMs.at(-1)} ms`;

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
    ["on disk before the browser was killed, and found after that, byte for byte", parts.survived.toLocaleString("en")],
    ["what was done to it", listed(report.events)],
    ["new workers that took over, half of them and all of them within", took(report.updates.tookMs)],
    ["new workers that still waited after a minute", String(report.updates.stillWaiting)],
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
