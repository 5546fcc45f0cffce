// Measures the core end-to-end tests in Chromium, Firefox and WebKitGTK, and writes the tables of docs/browsers.md from that.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DOC = "docs/browsers.md";
const REPORTS = ".cache/reports/browsers";
const BROWSERS = ["Chromium", "Firefox", "WebKitGTK"];
/** In the order of the table. */
const ROWS = {
  publish: "Publish the test pattern",
  watch: "Watch it in another tab",
  parts: "Loaded as parts",
  rewind: "Rewind, and to live again",
  kill: "The worker ended under a live stream",
  file: "Publish a file as it is",
  offline: "The server gone",
  restart: "The browser started again, the server gone",
  camera: "Publish a camera",
  peers: "Watch from a peer",
  moq: "Watch from a MoQ relay",
  webtransport: "Watch from a server of one's own over WebTransport",
};

/**
 * @typedef {{ works: boolean, note: string }} Measurement
 * @typedef {{ has: Record<string, boolean>, plays: Record<string, boolean>, encodes: Record<string, boolean> }} Features
 * @typedef {{ version: string, rows: Record<string, Measurement>, features?: Features }} Report
 */

/** @type {(name: string) => Report | undefined} */
function report(name) {
  try {
    return JSON.parse(readFileSync(join(REPORTS, `${name}.json`), "utf8"));
  } catch {
    return undefined; // it was skipped
  }
}

/** @type {(name: string) => Report} */
function measured(name) {
  const [core, more] = [report(name), report(`${name}-more`)];
  if (core === undefined) throw new Error(`${name} was not measured: see what its tests said`);
  return { ...core, rows: { ...core.rows, ...more?.rows } };
}

/** @type {(head: readonly string[], rows: readonly (readonly string[])[]) => string} */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** @type {(measurement: Measurement | undefined) => string} */
const cell = (measurement) =>
  measurement === undefined ? "not measured" : `${measurement.works ? "yes" : "**no**"}: ${measurement.note}`;

/** @type {(value: boolean | undefined) => string} */
const mark = (value) => (value === undefined ? "?" : value ? "yes" : "**no**");

// With `--write`, of what was measured last.
if (!process.argv.includes("--write")) {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const shell = process.platform === "win32";
  const env = { ...process.env, EDDY_BROWSER_REPORTS: REPORTS };
  spawnSync("npx", ["playwright", "test", "e2e/browsers/"], { stdio: "inherit", env, shell });
}

const reports = BROWSERS.map(measured);
const head = reports.map(({ version }) => version);
const main = table(
  ["", ...head],
  Object.entries(ROWS).map(([row, label]) => [label, ...reports.map(({ rows }) => cell(rows[row]))]),
);
const features = reports.map((each) => each.features);
const [first] = features;
/** @type {(kind: "has" | "plays" | "encodes", verb: string) => string[][]} */
const lines = (kind, verb) =>
  Object.keys(first?.[kind] ?? {}).map((name) => [
    `${verb}\`${name}\``,
    ...features.map((each) => mark(each?.[kind][name])),
  ]);
const probes = table(
  ["", ...head],
  [...lines("has", ""), ...lines("plays", "plays "), ...lines("encodes", "encodes ")],
);

/** @type {(text: string, name: string, content: string) => string} */
function replaced(text, name, content) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${DOC}: expected ${start} and ${end}`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

writeFileSync(DOC, replaced(replaced(readFileSync(DOC, "utf8"), "measured", main), "features", probes));
console.log(`written: ${DOC}`);
