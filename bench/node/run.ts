import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compression } from "./gzip.bench.ts";
import { matching } from "./match.bench.ts";
import { measureGroup, quietest, type Result } from "./measure.ts";
import { frames, proof } from "./peers.bench.ts";
import { growth, playlists } from "./playlists.bench.ts";
import { machine, markdown, type Report } from "./report.ts";
import { reads, together, writes } from "./ring.bench.ts";

const GROUPS = [writes, reads, matching, together, playlists, growth, compression, frames, proof];

const { values } = parseArgs({
  options: {
    compare: { type: "string" },
    out: { type: "string", default: ".cache/bench" },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "3" },
    "budget-ms": { type: "string", default: "300" },
  },
});
const old = values.compare === undefined ? undefined : (JSON.parse(readFileSync(values.compare, "utf8")) as Report);
const groups = GROUPS.filter(({ title }) => title.toLowerCase().includes(values.only.toLowerCase()));
const loadAtStart = loadavg()[0] ?? 0;
const rounds: (readonly Result[])[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const results: Result[] = [];
  for (const group of groups) results.push(...(await measureGroup(group, Number(values["budget-ms"]))));
  rounds.push(results);
}
const results = quietest(rounds);
const report: Report = {
  machine: machine(),
  date: new Date().toISOString(),
  loadAtStart,
  loadAtEnd: loadavg()[0] ?? 0,
  rounds: rounds.length,
  results,
};
const tables = markdown(report, groups, old);
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, "node.json"), `${JSON.stringify(report, undefined, 2)}\n`);
writeFileSync(join(values.out, "node.md"), tables);
console.log(`\n\n${tables}\nWritten to ${values.out}/node.json and node.md.`);
