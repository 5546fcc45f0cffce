import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Page, test } from "@playwright/test";
import { startCarriageServer } from "../../e2e/carriage-server.ts";
import { bundlePages } from "../../e2e/kit-site.ts";
import { startRelayProcess } from "../../e2e/moq-relay.ts";
import { serveBuild } from "../../e2e/site.ts";
import { createMatch } from "../../src/http/handler.ts";
import { PIECE_SIZE_BYTES } from "../../src/model/part-header.ts";
import { serveNode } from "../../src/node/serve-node.ts";
import { serveSignal } from "../../src/node/signal-server.ts";
import { Playlists } from "../../src/origin/playlists.ts";
import { machine, quantile } from "../peers/report.ts";
import type { Carriage } from "./page/tab.ts";
import { type Clip, endless, OPTIONS, type Seen, type Sending, STREAM, sendParts } from "./parts.ts";

const TAB = "/bench/transports/page/tab.html";
const SERVER_PORT = Number(process.env.EDDY_PORT ?? 4183) + 3_000;
/** Real time, as a live stream has it: parts of 0.6 Mbit/s. */
const LIVE: Sending = { count: Number(process.env.EDDY_PARTS ?? 90), sizeBytes: 25_000, everyMs: 333 };
/** Then as fast as they are taken, since what is carried is what counts. */
const BURST: Sending = { count: 24, sizeBytes: 1024 * 1024, everyMs: 0 };
const BURSTS = 3;
/** A viewer comes, and finds whom it needs. */
const SETTLE: Sending = { count: 45, sizeBytes: 25_000, everyMs: 333 };
const BURST_DEADLINE_MS = 20_000;

interface Way {
  readonly name: string;
  /** What carries it, until `close()`; `source` where it is not the publishing tab. */
  open(clip: Clip): Promise<{ readonly carriage: Carriage; readonly source?: Source; close(): Promise<void> }>;
}

interface Source {
  send(sending: Sending): Promise<Seen[]>;
}

const WAYS: readonly Way[] = [
  { name: "MoQ over WebTransport", open: () => overMoq(true) },
  { name: "MoQ over WebSocket", open: () => overMoq(false) },
  {
    name: "WebTransport to one's own server",
    async open() {
      const server = startCarriageServer({ port: SERVER_PORT });
      const carriage = {
        kind: "webtransport",
        url: `${server.url}studio`,
        certificate: server.certificateHash,
      } as const;
      return { carriage, close: () => server.close() };
    },
  },
  {
    name: "data channel",
    async open() {
      const signal = await serveSignal();
      return { carriage: { kind: "peers", signal: signal.url }, close: () => signal.close() };
    },
  },
  { name: "HTTP origin (LL-HLS)", open: overHttp },
];

async function overMoq(webTransport: boolean) {
  const relay = await startRelayProcess({ webTransport });
  return { carriage: { kind: "moq", url: relay.url } as const, close: () => relay.kill() };
}

/** The same parts, published in this process to an origin behind HTTP. */
async function overHttp(clip: Clip) {
  const playlists = new Playlists();
  const renditions = [{ id: "main", ...clip.rendition }];
  const stream = playlists.open(STREAM, { options: { renditions, ...OPTIONS }, epoch: "e1" });
  const rendition = stream.rendition("main");
  rendition.setInit(clip.init);
  const server = await serveNode(createMatch(playlists, { gzip: true, allowOrigin: "*" }));
  const [at, clock] = [{ number: 0 }, { dateMs: Date.now() }];
  const source: Source = {
    send: (sending) =>
      sendParts(endless(clip, at, sending.sizeBytes), sending, clock, async (part) => {
        rendition.addPart(part);
        // Whoever waits is answered first.
        await new Promise((resolve) => setImmediate(resolve));
      }),
  };
  const carriage = { kind: "origin", url: `${server.url}live/${STREAM}/main.m3u8` } as const;
  return { carriage, source, close: () => server.close() };
}

interface Measured {
  readonly name: string;
  readonly delaysMs: readonly number[];
  readonly missed: number;
  /** Of each burst: bytes, from the first part handed over to the last one answered, parts that never came. */
  readonly bursts: readonly { readonly bytes: number; readonly ms: number; readonly missed: number }[];
}

/** What was answered, by when it was published; the dates of parts are rounded on their way. */
class Ledger {
  readonly #answers: Seen[] = [];
  readonly #viewer: Page;

  constructor(viewer: Page) {
    this.#viewer = viewer;
  }

  /** When each was answered; undefined for those that were not within `withinMs`. */
  async answersTo(sent: readonly Seen[], withinMs: number): Promise<(number | undefined)[]> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      this.#answers.push(...((await this.#viewer.evaluate(() => window.bench?.answered())) ?? []));
      const found = sent.map(([dateMs]) => this.#answers.find(([answered]) => Math.abs(answered - dateMs) < 40)?.[1]);
      if (!found.includes(undefined) || performance.now() > untilMs) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function measure(way: Way, { clip, open }: { clip: Clip; open: () => Promise<Page> }): Promise<Measured> {
  const { carriage, source, close } = await way.open(clip);
  const [publishing, watching] = [await open(), await open()];
  try {
    const fingerprint =
      source === undefined
        ? await publishing.evaluate(([recorded, to]) => window.bench?.publish(recorded, to), [clip, carriage] as const)
        : undefined;
    const sender: Source = source ?? {
      send: async (sending) => (await publishing.evaluate((one) => window.bench?.send(one), sending)) ?? [],
    };
    const settled = sender.send(SETTLE);
    await watching.evaluate(([from, key]) => window.bench?.watch(from, key), [carriage, fingerprint] as const);
    await settled;
    const ledger = new Ledger(watching);
    const sent = await sender.send(LIVE);
    const answered = await ledger.answersTo(sent, 3_000);
    const delaysMs = sent.flatMap(([, atMs], index) => {
      const answeredAtMs = answered[index];
      return answeredAtMs === undefined ? [] : [answeredAtMs - atMs];
    });
    const bursts: Measured["bursts"][number][] = [];
    const done = { name: way.name, delaysMs, missed: sent.length - delaysMs.length, bursts };
    if (carriage.kind === "peers") {
      bursts.push(...(await linkBursts(carriage.signal, open)));
      return done;
    }
    for (let burst = 0; burst < BURSTS; burst += 1) {
      const parts = await sender.send(BURST);
      const ends = (await ledger.answersTo(parts, BURST_DEADLINE_MS)).filter((atMs) => atMs !== undefined);
      const ms = Math.max(...ends) - (parts[0]?.[1] ?? 0);
      bursts.push({ bytes: ends.length * BURST.sizeBytes, ms, missed: parts.length - ends.length });
    }
    return done;
  } finally {
    await publishing.context().close();
    await watching.context().close();
    await close();
  }
}

/** As many bytes over a data channel alone: a swarm sends no faster than it has seen the uplink to be, and drops what is late. */
async function linkBursts(signal: string, open: () => Promise<Page>): Promise<Measured["bursts"]> {
  const [from, to] = [await open(), await open()];
  const count = (BURST.count * BURST.sizeBytes) / PIECE_SIZE_BYTES;
  const bursts: Measured["bursts"][number][] = [];
  try {
    for (const page of [from, to]) await page.evaluate((url) => window.bench?.openLink(url), signal);
    for (const page of [from, to]) await page.waitForFunction(() => window.bench?.isLinked());
    for (let burst = 1; burst <= BURSTS; burst += 1) {
      const atMs = (await from.evaluate((pieces) => window.bench?.sendPieces(pieces), count)) ?? 0;
      await to.waitForFunction((all) => (window.bench?.pieces().count ?? 0) >= all, count * burst);
      const { lastAtMs = 0 } = (await to.evaluate(() => window.bench?.pieces())) ?? {};
      bursts.push({ bytes: count * PIECE_SIZE_BYTES, ms: lastAtMs - atMs, missed: 0 });
    }
    return bursts;
  } finally {
    await from.context().close();
    await to.context().close();
  }
}

test("what each way of carriage costs, on one machine", async ({ browser }) => {
  const site = await serveBuild({ files: await bundlePages([TAB]) });
  const open = async (): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.url + TAB);
    await page.waitForFunction(() => window.bench !== undefined);
    return page;
  };
  const chosen = process.env.EDDY_WAYS?.split(",").map(Number);
  try {
    const recording = await open();
    const clip = await recording.evaluate(() => window.bench?.record());
    await recording.context().close();
    if (clip === undefined) throw new Error("expected a clip");
    const measured: Measured[] = [];
    for (const [index, way] of WAYS.entries()) {
      if (chosen !== undefined && !chosen.includes(index)) continue;
      const result = await measure(way, { clip, open });
      measured.push(result);
      console.log(row(result));
    }
    write(measured, `Chromium ${browser.version()}`, chosen === undefined);
  } finally {
    site.close();
  }
});

function row({ name, delaysMs, missed, bursts }: Measured): string {
  const ms = (share: number): string => (quantile(delaysMs, share) ?? Number.NaN).toFixed(1);
  const rates = bursts.map(({ bytes, ms: tookMs }) => bytes / 1e6 / (tookMs / 1000));
  const lost = bursts.reduce((sum, burst) => sum + burst.missed, 0);
  const of = bursts.length * BURST.count;
  const cells = [
    name,
    ms(0.5),
    ms(0.99),
    `${missed} of ${delaysMs.length + missed}`,
    quantile(rates, 0.5)?.toFixed(1),
    `${lost} of ${of}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

const BEGIN = "<!-- written by npm run bench:transports -->";
const END = "<!-- until here -->";

/** All figures into a file of their own, and the table into the page where a whole run was asked for. */
function write(measured: readonly Measured[], browser: string, isWhole: boolean): void {
  const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  mkdirSync(here("../../.cache/bench"), { recursive: true });
  writeFileSync(here("../../.cache/bench/transports.json"), `${JSON.stringify(measured, undefined, 1)}\n`);
  const text = [
    `${machine()}, ${browser}, ${new Date().toISOString().slice(0, 10)}: ${LIVE.count} parts of ${LIVE.sizeBytes / 1000} KB, one every ${LIVE.everyMs} ms, then ${BURSTS} times ${BURST.count} parts of 1 MiB.`,
    "",
    "| | part to answer, p50 ms | p99 ms | never came | MB/s | never came |",
    "|---|--:|--:|--:|--:|--:|",
    ...measured.map(row),
  ].join("\n");
  console.log(`\n${text}\n`);
  if (!isWhole) return;
  const path = here("../../docs/transports.md");
  const [before, rest] = readFileSync(path, "utf8").split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${path}: expected ${BEGIN} and ${END}`);
  writeFileSync(path, `${before}${BEGIN}\n${text}\n${END}${after}`);
}
