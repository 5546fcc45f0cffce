// What the browser benchmark found, as Markdown.
/** @typedef {import("./contract.ts").Report} Report */
/** @typedef {import("./contract.ts").Cell} Cell */

/** @param {number} sizeBytes */
const size = (sizeBytes) => (sizeBytes < 1_048_576 ? `${sizeBytes / 1024} KB` : `${sizeBytes / 1_048_576} MB`);
/** @param {number} value */
const two = (value) => value.toFixed(2);

/** @type {(head: readonly string[], rows: readonly (readonly string[])[]) => string} */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** @type {(cells: readonly Cell[], of: "from" | "body") => string} */
function cellsTable(cells, of) {
  // Contestants of the first table differ in what they make a body of; there the name tells.
  const withViews = of === "body";
  const rows = cells.flatMap((cell) =>
    cell.figures.map((one) => [
      one.name,
      size(cell.sizeBytes),
      ...(withViews ? [String(cell.pieces)] : [String(cell.tabs)]),
      String(cell.concurrency),
      two(one.p50Ms),
      two(one.p99Ms),
      one.mbPerS.toFixed(one.mbPerS < 10 ? 1 : 0),
      two(one.ratio),
      String(one.fetches),
    ]),
  );
  const head = [of, "size", withViews ? "views" : "tabs", "at a time", "p50 ms", "p99 ms", "MB/s", "ratio", "fetches"];
  return table(head, rows);
}

/** @param {Report} report */
export function markdown(report) {
  const { plan } = report;
  const parts = [
    `${report.date.slice(0, 10)}, ${report.machine} (${report.cores} cores), ${report.browser.match(/Chrom\S+/)?.[0] ?? report.browser}, ` +
      `Node ${report.node}; load ${report.load.map(two).join(" before and ")} after; ${plan.rounds} rounds of ${plan.batchMs} ms.`,
    "## Fetches",
    cellsTable(report.fetches, "from"),
    "## Message to playlist",
    table(
      ["from a message", "size", "p50 ms", "p99 ms", "ratio", "times"],
      report.delays.map((one) => [
        one.name,
        size(one.sizeBytes),
        two(one.p50Ms),
        two(one.p99Ms),
        two(one.ratio),
        String(one.count),
      ]),
    ),
    "## Work of the worker for one answer",
    table(
      ["from", "us"],
      report.work.map(({ name, us }) => [name, us.toFixed(1)]),
    ),
  ];
  if (report.bodies.length > 0) parts.push("## Bodies", cellsTable(report.bodies, "body"));
  return `${parts.join("\n\n")}\n`;
}

/** @type {(cell: Cell) => string} */
const keyOf = ({ sizeBytes, pieces, tabs, concurrency }) => [sizeBytes, pieces, tabs, concurrency].join("/");

/**
 * New by old: of the p50 itself, and of its ratio to the floor, which another machine or another load moves less.
 * @type {(report: Report, old: Report) => string}
 */
export function comparison(report, old) {
  const rows = [];
  for (const list of /** @type {const} */ (["fetches", "bodies"])) {
    const former = new Map(old[list].map((cell) => [keyOf(cell), cell]));
    for (const cell of report[list]) {
      for (const one of cell.figures) {
        const before = former.get(keyOf(cell))?.figures.find(({ name }) => name === one.name);
        if (before === undefined) continue;
        const where = `${size(cell.sizeBytes)} of ${cell.pieces}, ${cell.tabs} tabs, ${cell.concurrency} at a time`;
        rows.push([one.name, where, two(one.p50Ms / before.p50Ms), two(one.ratio / before.ratio)]);
      }
    }
  }
  for (const one of report.delays) {
    const before = old.delays.find(({ name, sizeBytes }) => name === one.name && sizeBytes === one.sizeBytes);
    if (before !== undefined)
      rows.push([one.name, size(one.sizeBytes), two(one.p50Ms / before.p50Ms), two(one.ratio / before.ratio)]);
  }
  return table(["new by old", "where", "p50", "ratio to the floor"], rows);
}
