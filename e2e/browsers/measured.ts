import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Rows of the table in docs/browsers.md, in its order. */
export const ROWS = [
  "publish",
  "watch",
  "parts",
  "rewind",
  "kill",
  "offline",
  "restart",
  "file",
  "camera",
  "peers",
  "moq",
  "webtransport",
] as const;
export type Row = (typeof ROWS)[number];

export interface Measurement {
  readonly works: boolean;
  /** What was measured, or why it does not work. */
  readonly note: string;
}

/** What one browser did, for the table: `npm run docs:browsers` writes that from what is left here. */
export class Measured {
  readonly #rows = new Map<Row, Measurement>();
  readonly browser: string;
  readonly version: string;
  features: unknown;

  constructor(browser: string, version: string) {
    this.browser = browser;
    this.version = version;
  }

  set(row: Row, note: string, works = true): void {
    this.#rows.set(row, { works, note });
    console.log(`${this.version}: ${row}: ${works ? "" : "no: "}${note}`);
  }

  write(folder: string): void {
    mkdirSync(folder, { recursive: true });
    const { version, features } = this;
    const report = { version, rows: Object.fromEntries(this.#rows), features };
    writeFileSync(join(folder, `${this.browser}.json`), `${JSON.stringify(report, null, 1)}\n`);
  }
}
