import type { Browser, BrowserContext } from "@playwright/test";
import { validateInPage } from "../../e2e/validated.ts";
import { workerMemory } from "../../e2e/worker-memory.ts";
import { Ledger } from "./ledger.ts";
import { type Sample, slopeOf } from "./memory-log.ts";
import type { ProducerFault } from "./page/producer.ts";
import { QUOTA_BYTES, randomOf, type SoakStream, STREAMS } from "./plan.ts";
import type { SoakReport } from "./report.ts";
import type { SoakSite } from "./site.ts";
import { Tab } from "./tabs.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly site: SoakSite;
  readonly tell: (line: string) => void;
}

const TICK_MS = 1_000;
const DRAIN_MS = 3_000;
const TELL_MS = 30_000;
/** Of a stretch: kills come in the first part, and tabs go and memory is measured in the second. Apart, since what a page alone could bring back goes with both. */
const STORM_SHARE = 0.3;
const CYCLE_MINUTES = 30;
/** Between the last death of a tab and the next kill, and the other way: until the disk has what was acknowledged. */
const APART_MS = 20_000;
const MEMORY_EVERY_MS = 15_000;
/** The windows are full by then. */
const MEMORY_AFTER_MS = 75_000;
const VALIDATE_MS = 25_000;
/** A reader that gets nowhere for so long, while parts are acknowledged, is stuck; a busy machine is not. */
const STUCK_MS = 120_000;
const END_SEEN_MS = 60_000;
const PRESSURE_MS = 20_000;
/** Rules that say how soon something comes: a busy machine breaks them. */
const OF_TIME: ReadonlySet<number> = new Set([23, 24, 44, 51, 52, 53, 58, 59]);
const FAULTS: readonly ProducerFault[] = ["gap", "discontinuity", "init", "stall"];
const TABS_PER_PRODUCER = 2;

/** Mean times from one to the next. */
const EVERY_MS = {
  kill: 10_000,
  fault: 12_000,
  reload: 25_000,
  crash: 60_000,
  restart: 75_000,
  pressure: 90_000,
} as const;
type Event = keyof typeof EVERY_MS;
const STORM: readonly Event[] = ["kill", "fault"];
const CALM: readonly Event[] = ["fault", "reload", "crash", "restart", "pressure"];

interface Producing {
  readonly tab: Tab;
  readonly streams: readonly SoakStream[];
}

interface Watching {
  readonly tab: Tab;
  readonly stream: SoakStream;
}

/** Eight streams and sixteen tabs for a long time, and what goes wrong with them on purpose. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #random: () => number;
  readonly #originMs = Date.now();
  readonly #ledger = new Ledger();
  readonly #producers: readonly Producing[];
  readonly #readers: readonly Watching[];
  readonly #players: readonly Watching[];
  readonly #validator: Tab;
  readonly #attacker: Tab;
  readonly #faults = new Map<string, number>();
  readonly #counts: Record<string, number> = {};
  readonly #answers: Record<string, number> = {};
  readonly #late = new Map<string, number>();
  readonly #memory: Sample[] = [];
  readonly #progress = new Map<string, { readUpTo: number; atMs: number }>();
  readonly #jobs = new Set<Promise<void>>();
  #restarts = 0;
  /** Streams that are left alone: they are validated, or about to end. */
  readonly #spared = new Set<string>();
  #isCalm = false;
  #isOver = false;
  #lastKillMs = 0;
  #lastDeathMs = 0;
  #framesSeen = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    const tab = (name: string): Tab => new Tab(name, options.context, options.site.url);
    this.#producers = Array.from({ length: STREAMS.length / TABS_PER_PRODUCER }, (_, at) => ({
      tab: tab(`producer-${at}`),
      streams: STREAMS.slice(at * TABS_PER_PRODUCER, (at + 1) * TABS_PER_PRODUCER),
    }));
    this.#readers = STREAMS.map((stream) => ({ tab: tab(`reader-${stream.name}`), stream }));
    this.#players = STREAMS.slice(0, 2).map((stream) => ({ tab: tab(`player-${stream.name}`), stream }));
    this.#validator = tab("validator");
    this.#attacker = tab("attacker");
  }

  async run(): Promise<SoakReport> {
    const { context, minutes } = this.#options;
    context.on("weberror", (error) =>
      this.#fault(`unhandled in a page: ${error.error().stack ?? error.error().message}`),
    );
    await this.#begin();
    const startMs = Date.now();
    const endMs = startMs + minutes * 60_000;
    const cycles = Math.max(1, Math.round(minutes / CYCLE_MINUTES));
    const cycleMs = (endMs - startMs) / cycles;
    const due = new Map<Event, number>();
    const then = { drain: 0, tell: 0, memory: 0 };
    this.#background("the attacker", () => this.#attack());
    this.#background("the validator", () => this.#validate());
    let calmSinceMs = startMs;
    for (let nowMs = startMs; nowMs < endMs; nowMs = Date.now()) {
      const cycle = Math.floor((nowMs - startMs) / cycleMs);
      const wasCalm = this.#isCalm;
      const isCalm = ((nowMs - startMs) % cycleMs) / cycleMs > STORM_SHARE;
      this.#isCalm = isCalm;
      if (isCalm && !wasCalm) calmSinceMs = nowMs;
      for (const event of isCalm ? CALM : STORM) {
        const dueMs = due.get(event) ?? nowMs + this.#pause(event);
        if (nowMs < dueMs) due.set(event, dueMs);
        else {
          due.set(event, nowMs + this.#pause(event));
          await this.#guard(event, () => this.#happen(event));
        }
      }
      if (nowMs >= then.drain + DRAIN_MS) {
        then.drain = nowMs;
        await this.#drain();
      }
      const lifeMs = nowMs - Math.max(calmSinceMs, this.#lastKillMs);
      if (isCalm && lifeMs > MEMORY_AFTER_MS && nowMs >= then.memory + MEMORY_EVERY_MS) {
        then.memory = nowMs;
        await this.#guard("memory", () => this.#measure(cycle));
      }
      if (nowMs >= then.tell + TELL_MS) {
        then.tell = nowMs;
        await this.#tell(nowMs - startMs, isCalm);
      }
      await wait(Math.max(0, TICK_MS - (Date.now() - nowMs)));
    }
    const cores = await this.#cores(Date.now() - this.#originMs);
    await this.#finish();
    return this.#report((endMs - startMs) / 60_000, cores);
  }

  async #begin(): Promise<void> {
    const { context, site } = this.#options;
    // Before the first use of the database: later it does not count.
    const session = await context.newCDPSession(await this.#validator.blank());
    await session.send("Storage.overrideQuotaForOrigin", { origin: site.url, quotaSize: QUOTA_BYTES });
    await Promise.all(this.#producers.map((producer) => this.#startProducer(producer)));
    await Promise.all(this.#readers.map((reader) => this.#startReader(reader)));
    await Promise.all(this.#players.map((player) => this.#startPlayer(player)));
    await Promise.all([this.#validator.load(), this.#attacker.load()]);
  }

  async #startProducer({ tab, streams }: Producing): Promise<void> {
    const page = await tab.load();
    for (const stream of streams) await this.#produce(tab, stream);
    tab.isAway = page.isClosed();
  }

  /** Whoever fed it may not be gone yet, as far as the worker knows. */
  async #produce(tab: Tab, stream: SoakStream): Promise<void> {
    const options = { stream, originMs: this.#originMs };
    for (let tries = 0; ; tries++) {
      try {
        return await tab.page.evaluate((given) => window.soak.produce(given), options);
      } catch (error) {
        if (tries >= 30 || !/stream-exists|already|worker/i.test(String(error))) throw error;
        await wait(1_000);
      }
    }
  }

  async #startReader({ tab, stream }: Watching): Promise<void> {
    const page = await tab.load();
    const options = { stream, readBefore: this.#ledger.readUpTo(stream.name) };
    await page.evaluate((given) => window.soak.read(given), options);
    tab.isAway = false;
  }

  async #startPlayer({ tab, stream }: Watching): Promise<void> {
    const page = await tab.load();
    await page.evaluate((url) => window.soak.play(url), `/live/${stream.name}/main.m3u8`);
    tab.isAway = false;
  }

  /** From one to the next of its kind: anything from nothing to twice the mean. */
  #pause(event: Event): number {
    return EVERY_MS[event] * 2 * this.#random();
  }

  async #happen(event: Event): Promise<void> {
    const nowMs = Date.now();
    if (event === "kill") {
      if (nowMs < this.#lastDeathMs + APART_MS) return;
      await this.#attacker.kill();
      this.#lastKillMs = nowMs;
    } else if (event === "fault") {
      const producer = this.#pick(this.#producers);
      const stream = this.#pick(producer.streams);
      const fault = this.#pick(FAULTS);
      if (producer.tab.isAway || this.#spared.has(stream.name)) return;
      const order = [stream.name, fault] as const;
      await producer.tab.page.evaluate(([name, what]) => window.soak.producers.get(name)?.break(what), order);
      this.#count(fault);
      return;
    } else if (event === "restart") {
      const producer = this.#pick(this.#producers);
      const stream = this.#pick(producer.streams);
      if (producer.tab.isAway || this.#spared.has(stream.name)) return;
      this.#background(`the end of ${stream.name}`, () => this.#endAndRestart(producer, stream));
    } else if (event === "pressure") {
      this.#background("the filler", async () => {
        const order = [2_000_000, PRESSURE_MS] as const;
        const taken = await this.#attacker.page.evaluate(([leave, hold]) => window.soak.fill(leave, hold), order);
        this.#count("bytes of pressure", taken);
      });
    } else {
      if (nowMs < this.#lastKillMs + APART_MS) return;
      const all = [...this.#producers, ...this.#readers, ...this.#players];
      const chosen = this.#pick(all);
      if (chosen.tab.isAway) return;
      const streams = "streams" in chosen ? chosen.streams : [chosen.stream];
      if ("streams" in chosen && streams.some(({ name }) => this.#spared.has(name))) return;
      await this.#drain();
      this.#lastDeathMs = nowMs;
      if (event === "crash") await chosen.tab.crash();
      chosen.tab.isAway = true;
      const again =
        "streams" in chosen
          ? this.#startProducer(chosen)
          : this.#readers.includes(chosen)
            ? this.#startReader(chosen)
            : this.#startPlayer(chosen);
      this.#background(`${chosen.tab.name}, opened again`, () => again);
    }
    this.#count(event);
  }

  /** Ends a stream, waits until whoever reads it has seen that, and publishes under its name again. */
  async #endAndRestart(producer: Producing, stream: SoakStream): Promise<void> {
    this.#spared.add(stream.name);
    this.#restarts += 1;
    try {
      await producer.tab.page.evaluate((name) => window.soak.producers.get(name)?.end(), stream.name);
      const reader = this.#readers.find((one) => one.stream === stream);
      for (const deadlineMs = Date.now() + END_SEEN_MS; ; await wait(1_000)) {
        await this.#drain();
        if (reader?.tab.isAway === false && this.#hasEnded.has(stream.name)) break;
        if (Date.now() > deadlineMs) {
          this.#fault(`${stream.name} has ended, and its reader has not seen that within ${END_SEEN_MS} ms`);
          break;
        }
      }
      await this.#produce(producer.tab, stream);
    } finally {
      this.#spared.delete(stream.name);
    }
  }

  readonly #hasEnded = new Set<string>();

  /** Takes what producers and readers have noted, and judges it. */
  async #drain(): Promise<void> {
    for (const { tab, streams } of this.#producers) {
      if (tab.isAway) continue;
      for (const { name } of streams) {
        const taken = await tab.page
          .evaluate((one) => window.soak.producers.get(one)?.take(), name)
          .catch(() => undefined);
        for (const part of taken?.acknowledged ?? []) this.#ledger.take(name, part);
        for (const fault of taken?.faults ?? []) this.#fault(`a producer: ${fault}`);
      }
    }
    for (const { tab, stream } of this.#readers) {
      if (tab.isAway) continue;
      const { name } = stream;
      const taken = await tab.page.evaluate((one) => window.soak.readers.get(one)?.take(), name).catch(() => undefined);
      if (taken === undefined) continue;
      for (const segment of taken.read) this.#ledger.see(name, segment);
      for (const missed of taken.missed) this.#ledger.miss(name, missed);
      for (const fault of taken.faults) this.#fault(`a reader: ${fault}`);
      const renditions = Object.keys(this.#ledger.readUpTo(name)).length;
      if (taken.ended.length > 0 && taken.ended.length === renditions) this.#hasEnded.add(name);
      else this.#hasEnded.delete(name);
      this.#watchProgress(name, taken.read.length > 0);
    }
    this.#ledger.settle();
    for (const fault of this.#ledger.faults.splice(0)) this.#fault(fault);
    for (const told of this.#options.site.told.splice(0)) this.#fault(`unhandled in the worker: ${told}`);
  }

  #watchProgress(name: string, hasRead: boolean): void {
    const nowMs = Date.now();
    const known = this.#progress.get(name);
    if (known === undefined || hasRead || this.#spared.has(name))
      this.#progress.set(name, { readUpTo: 0, atMs: nowMs });
    else if (nowMs > known.atMs + STUCK_MS) {
      this.#fault(`${name}: nothing new could be read for ${STUCK_MS} ms`);
      this.#progress.set(name, { readUpTo: 0, atMs: nowMs });
    }
  }

  async #attack(): Promise<void> {
    for (let round = 0; !this.#isOver; round++) {
      const order = [this.#options.seed * 1000 + round, 15_000] as const;
      const { attacks, answers, faults } = await this.#attacker.page.evaluate(
        ([seed, forMs]) => window.soak.attack(seed, forMs),
        order,
      );
      this.#count("attack", attacks);
      for (const [answer, times] of Object.entries(answers))
        this.#answers[answer] = (this.#answers[answer] ?? 0) + times;
      for (const fault of faults) this.#fault(`an attack: ${fault}`);
    }
  }

  /** One stream after the other, while nobody breaks it and no worker is killed. */
  async #validate(): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const { name } = STREAMS[turn % STREAMS.length] as SoakStream;
      if (!this.#isCalm || this.#spared.has(name) || Date.now() < this.#lastKillMs + APART_MS) {
        await wait(TICK_MS);
        continue;
      }
      this.#spared.add(name);
      try {
        const report = await validateInPage(this.#validator.page, `/live/${name}/main.m3u8`, {
          durationMs: VALIDATE_MS,
        });
        if (this.#lastKillMs > Date.now() - VALIDATE_MS - APART_MS) continue;
        this.#count("validation");
        this.#count("playlist that was validated", report.playlists);
        for (const { rule, level, message, lines = [] } of report.findings) {
          const text = `${name}: rule ${rule}: ${message} ${lines.join(" / ")}`;
          if (level === "MUST" && !OF_TIME.has(rule)) this.#fault(`the validator: ${text}`);
          else if (level === "MUST") this.#late.set(`rule ${rule}`, (this.#late.get(`rule ${rule}`) ?? 0) + 1);
        }
      } finally {
        this.#spared.delete(name);
      }
    }
  }

  async #measure(stretch: number): Promise<void> {
    const { browser, site } = this.#options;
    this.#memory.push({ atMs: Date.now(), stretch, ...(await workerMemory(browser, site.url, true)) });
  }

  async #tell(ranMs: number, isCalm: boolean): Promise<void> {
    for (const { tab, stream } of this.#players) {
      if (tab.isAway) continue;
      const played = await tab.page.evaluate(() => window.played?.()).catch(() => undefined);
      if (played?.frame === undefined) continue;
      this.#framesSeen += 1;
      const latest = ((Date.now() - this.#originMs) / 1000) * 30 + 60;
      if (played.frame > latest)
        this.#fault(`a player of ${stream.name} shows frame ${played.frame}, of the time to come`);
    }
    const memory = this.#memory.at(-1);
    const { acknowledged, found, unseen, open } = this.#ledger;
    const parts = [
      `${(ranMs / 60_000).toFixed(1)} min`,
      isCalm ? "calm" : "storm",
      `${acknowledged} acknowledged, ${found} found, ${open} open, ${unseen} unseen`,
      `${this.#counts.kill ?? 0} kills, ${(this.#counts.reload ?? 0) + (this.#counts.crash ?? 0)} tabs lost`,
      `${this.#counts.attack ?? 0} attacks`,
      ...(memory === undefined ? [] : [`${((memory.heapBytes + memory.bufferBytes) / 1e6).toFixed(1)} MB`]),
      `${this.#faults.size} faults`,
    ];
    this.#options.tell(parts.join(" · "));
  }

  /** How many cores the browser has kept busy; of what has crashed nothing is known. */
  async #cores(ranMs: number): Promise<number> {
    const session = await this.#options.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0) / (ranMs / 1000);
  }

  /** Ends all streams, and reads them once more from the disk alone. */
  async #finish(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#jobs);
    const names = STREAMS.map(({ name }) => name);
    await Promise.all(
      this.#producers.map(({ tab, streams }) =>
        Promise.all(
          streams.map(({ name }) =>
            this.#guard(`the end of ${name}`, () =>
              tab.page.evaluate((one) => window.soak.producers.get(one)?.end(), name),
            ),
          ),
        ),
      ),
    );
    for (const deadlineMs = Date.now() + END_SEEN_MS; Date.now() < deadlineMs; await wait(1_000)) {
      await this.#drain();
      if (names.every((name) => this.#hasEnded.has(name)) && this.#ledger.open === 0) break;
    }
    if (this.#ledger.open > 0) this.#fault(`${this.#ledger.open} acknowledged parts were not to be found by the end`);
    for (const { tab } of this.#readers)
      await tab.page.evaluate(() => {
        for (const one of window.soak.readers.values()) one.stop();
      });
    await this.#attacker.kill();
    for (const stream of STREAMS) {
      await this.#guard(`the window of ${stream.name}`, async () => {
        const windows = await this.#validator.page.evaluate((one) => window.soak.readWindows(one), stream);
        for (const { rendition, segments, numbers, problems } of windows) {
          const where = `${stream.name}/${rendition} from the disk`;
          this.#count("segment from the disk", segments);
          for (const problem of problems) this.#fault(`${where}: ${problem}`);
          const there = new Set(numbers);
          const lost = this.#ledger.newest(stream.name, rendition).filter((n) => !there.has(n));
          if (lost.length > 0) this.#fault(`${where}: the parts ${lost.join(", ")} are lost`);
        }
      });
    }
  }

  #report(minutes: number, cores: number): SoakReport {
    const stretches = [...new Set(this.#memory.map(({ stretch }) => stretch))];
    const slopes = stretches.flatMap((stretch) => slopeOf(this.#memory.filter((one) => one.stretch === stretch)) ?? []);
    for (const slope of slopes) {
      const grownBytes = slope.bytesPerMinute * slope.minutes;
      // What a collection leaves behind differs by about a megabyte from one time to the next.
      if (grownBytes > 2e6 + 1e5 * slope.minutes) {
        this.#fault(`the worker grew by ${(grownBytes / 1e6).toFixed(1)} MB in ${slope.minutes.toFixed(1)} minutes`);
      }
    }
    const { acknowledged, found, unseen } = this.#ledger;
    return {
      minutes,
      cores,
      seed: this.#options.seed,
      streams: STREAMS.length,
      tabs: this.#producers.length + this.#readers.length + this.#players.length + 2,
      parts: { acknowledged, found, unseen },
      events: this.#counts,
      attackAnswers: this.#answers,
      lateRules: Object.fromEntries(this.#late),
      framesSeen: this.#framesSeen,
      memory: slopes,
      faults: Object.fromEntries(this.#faults),
    };
  }

  #background(what: string, body: () => Promise<void>): void {
    const job = this.#guard(what, body).then(() => {
      this.#jobs.delete(job);
    });
    this.#jobs.add(job);
  }

  /** What the soak itself cannot do is a fault too, and no end to it. */
  async #guard(what: string, body: () => Promise<void> | Promise<undefined>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.#fault(`${what}: ${String(error).split("\n", 3).join(" ")}`);
    }
  }

  #fault(text: string): void {
    // Numbers differ each time the same thing happens.
    const known =
      [...this.#faults.keys()].find((one) => one.replace(/\d+/g, "#") === text.replace(/\d+/g, "#")) ?? text;
    this.#faults.set(known, (this.#faults.get(known) ?? 0) + 1);
    if (known === text) this.#options.tell(`FAULT ${text}`);
  }

  #count(what: string, by = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + by;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
