import { openRelay } from "eddy-hls";
import {
  BASE,
  type Batch,
  BODIES,
  bodyUrl,
  type Cell,
  CONTESTANTS,
  type Contestant,
  type Measured,
  PARTS_PER_SEGMENT,
  type Plan,
  RESOURCES,
  resourceUrl,
  SCOPE,
  type Work,
  workUrl,
} from "../contract.ts";
import { fetchPastWorker } from "./batch.ts";
import { measureDelays } from "./delays.ts";
import { figuresOf } from "./figures.ts";
import { fillOthers, fillRelay, type RelayUrls } from "./fill.ts";
import { follow, Tabs, type TabsResult } from "./tabs.ts";

interface Contender {
  readonly name: string;
  readonly urls: readonly string[];
  readonly plain?: boolean;
}

/** The first tab: fills every store, then lets the contestants take turns. */
async function lead(plan: Plan): Promise<Measured> {
  if (!crossOriginIsolated) throw new Error("expected an isolated page: its clock is too coarse");
  const relay = await openRelay({ worker: `${SCOPE}worker.js`, scope: SCOPE, base: BASE, type: "classic" });
  const urls = await fillRelay(relay, plan.sizesBytes);
  await fillOthers(plan.sizesBytes);
  const tabs = new Tabs(await fetchPastWorker());
  const fetches: Cell[] = [];
  const [part = ""] = urls.parts.get(plan.sizesBytes[0] ?? 0) ?? [];
  const work = (await (await fetch(workUrl(part))).json()) as readonly Work[];
  let bodies: readonly Cell[] = [];
  let delays: Measured["delays"] = [];
  for (const [index, count] of plan.tabs.entries()) {
    if (count > 1) await tell("/api/tabs", { more: count - (plan.tabs[index - 1] ?? 1) });
    await tabs.gather(count);
    for (const concurrency of plan.concurrency) {
      for (const sizeBytes of plan.sizesBytes) {
        await tell("/api/progress", { text: `${count} tabs, ${concurrency} at a time, ${sizeBytes} bytes` });
        const contenders = CONTESTANTS.flatMap((name) => contender(name, sizeBytes, urls));
        const cell = { sizeBytes, concurrency, tabs: count, pieces: 1 };
        fetches.push(await measure(tabs, plan, contenders, cell));
      }
    }
    if (count > 1) continue;
    await tell("/api/progress", { text: "message to playlist" });
    delays = await measureDelays(relay, plan.reloads);
    if (plan.bodies) bodies = await measureBodies(tabs, plan);
  }
  return { browser: navigator.userAgent, fetches, bodies, delays, work };
}

function contender(name: Contestant, sizeBytes: number, relay: RelayUrls): readonly Contender[] {
  if (name === "eddy" || name === "eddy segment") {
    const urls = (name === "eddy" ? relay.parts : relay.segments).get(sizeBytes);
    return urls === undefined ? [] : [{ name, urls }];
  }
  const urls = Array.from({ length: RESOURCES }, (_, n) => resourceUrl(name, sizeBytes, n));
  return [{ name, urls, plain: name === "http" }];
}

async function measureBodies(tabs: Tabs, plan: Plan): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const pieces of [1, PARTS_PER_SEGMENT]) {
    for (const sizeBytes of plan.sizesBytes) {
      await tell("/api/progress", { text: `bodies of ${pieces} views, ${sizeBytes} bytes` });
      const contenders = BODIES.map((kind) => ({ name: kind, urls: [bodyUrl(kind, pieces, sizeBytes)] }));
      cells.push(await measure(tabs, plan, contenders, { sizeBytes, concurrency: 1, tabs: 1, pieces }));
    }
  }
  return cells;
}

/** Every contender once in each round, from another one on and back and forth, so that none always follows the same one. */
async function measure(
  tabs: Tabs,
  plan: Plan,
  contenders: readonly Contender[],
  cell: Omit<Cell, "figures">,
): Promise<Cell> {
  const { sizeBytes, concurrency } = cell;
  const results = contenders.map((): TabsResult[] => []);
  const batchOf = ({ urls, plain = false }: Contender, batchMs: number): Batch => ({
    urls,
    plain,
    sizeBytes,
    concurrency,
    batchMs,
  });
  for (const one of contenders) await tabs.run(batchOf(one, plan.batchMs)); // warms up
  for (let round = 0; round < plan.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const step = round % 2 === 0 ? turn : contenders.length - turn;
      const at = (round + step) % contenders.length;
      const one = contenders[at];
      if (one !== undefined) results[at]?.push(await tabs.run(batchOf(one, plan.batchMs)));
    }
  }
  const rounds = contenders.map(({ name }, at) => ({ name, results: results[at] ?? [] }));
  return { ...cell, figures: figuresOf(rounds, sizeBytes) };
}

async function tell(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: "POST", body: JSON.stringify(body) });
}

const query = new URLSearchParams(location.search);
const plan = query.get("plan");
(plan === null ? follow() : lead(JSON.parse(plan)).then((measured) => tell("/api/done", measured))).catch(
  (error: unknown) => tell("/api/failed", { message: error instanceof Error ? (error.stack ?? error.message) : error }),
);
