import type { Browser, BrowserContext, LaunchOptions } from "@playwright/test";
import { validateInPage } from "../../e2e/validated.ts";
import { workerMemory } from "../../e2e/worker-memory.ts";
import { Account } from "./account.ts";
import { BrowserDeaths } from "./browser-deaths.ts";
import { Cast } from "./cast.ts";
import type { ProducerFault } from "./page/producer.ts";
import { randomOf, STREAMS } from "./plan.ts";
import type { SoakReport } from "./report.ts";
import type { SoakSite } from "./site.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly site: SoakSite;
  /** A new worker that has not taken over within a minute is a fault, and not only told. */
  readonly strictUpdates: boolean;
  /** How the browser was started. */
  readonly launch: LaunchOptions;
  readonly tell: (line: string) => void;
}

const TICK_MS = 1_000;
const COLLECT_MS = 3_000;
const TELL_MS = 30_000;
/** What a cycle consists of, one after the other, and the share of it that each begins at. */
type Weather = "storm" | "calm" | "updates";
/**
 * First workers are killed, then tabs are lost, the disk is full and memory is measured, and then workers are updated. Apart, since what a page
 * alone could bring back would go with both, and memory is that of a worker that lives. Updates come last, since a new worker that finds no
 * quiet moment takes over whenever it may, minutes later.
 */
const CALM_FROM = 0.25;
const UPDATES_FROM = 0.85;
const CYCLE_MINUTES = 30;
/** Between a death and a kill: until the disk has what was acknowledged. */
const APART_MS = 20_000;
const MEMORY_EVERY_MS = 15_000;
/** Rings and windows are full by then. */
const MEMORY_AFTER_MS = 110_000;
const VALIDATE_MS = 25_000;
const END_SEEN_MS = 60_000;
const ATTACK_MS = 15_000;
const PRESSURE_MS = 20_000;
/** Times that the whole browser is killed, after all else. */
const DEATH_EVERY_MINUTES = 5;
/** What is published after the first one is looked at after the second. */
const MIN_DEATHS = 2;
const MAX_DEATHS = 8;
/** A new worker takes over within a second, of a machine that has nothing else to do; one that lost its race waits for minutes. */
const TAKE_OVER_MS = 60_000;
/** What pressure leaves of what the origin may store. */
const LEFT_BYTES = 2_000_000;
/** Rules that say how soon something comes: a busy machine breaks them. */
const OF_TIME: ReadonlySet<number> = new Set([23, 24, 44, 51, 52, 53, 58, 59]);
const FAULTS: readonly ProducerFault[] = ["gap", "discontinuity", "init", "stall"];

/** Mean times from one to the next. */
const EVERY_MS = {
  kill: 10_000,
  update: 10_000,
  fault: 12_000,
  reload: 25_000,
  close: 60_000,
  restart: 75_000,
  pressure: 90_000,
} as const;
type Event = keyof typeof EVERY_MS;
const EVENTS: Readonly<Record<Weather, readonly Event[]>> = {
  storm: ["kill", "fault"],
  calm: ["fault", "reload", "close", "restart", "pressure"],
  updates: ["update", "fault", "restart"],
};

/** Eight streams and sixteen tabs for a long time, and what goes wrong with them on purpose. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #random: () => number;
  readonly #account: Account;
  readonly #cast: Cast;
  readonly #jobs = new Set<Promise<void>>();
  #weather: Weather = "storm";
  #calmSinceMs = 0;
  #isUpdating = false;
  #isAttacking = false;
  #isOver = false;
  #lastKillMs = 0;
  #lastDeathMs = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
    this.#account = new Account(options.tell);
    this.#cast = new Cast(options.context, options.site, this.#account);
  }

  async run(): Promise<SoakReport> {
    const { context, minutes, seed, site } = this.#options;
    context.on("weberror", (event) => {
      const error = event.error();
      this.#account.fault(`unhandled in a page: ${error.stack ?? error.message}`);
    });
    const openedMs = Date.now();
    await this.#cast.begin();
    this.#background("the attacker", () => this.#attack());
    this.#background("the validator", () => this.#validate());
    const startMs = Date.now();
    await this.#live(startMs, minutes * 60_000);
    const cores = await this.#cores(Date.now() - openedMs);
    await this.#finish();
    await this.#killBrowsers(minutes);
    for (const told of site.told.splice(0)) this.#account.fault(`unhandled in the worker: ${told}`);
    return this.#account.report({ minutes, seed, cores, streams: STREAMS.length, tabs: this.#cast.tabs });
  }

  async #live(startMs: number, runMs: number): Promise<void> {
    const cycleMs = runMs / Math.max(1, Math.round(runMs / 60_000 / CYCLE_MINUTES));
    const due = new Map<Event, number>();
    const last = { collect: 0, tell: 0, memory: 0 };
    for (let nowMs = startMs; nowMs < startMs + runMs; nowMs = Date.now()) {
      const ranMs = nowMs - startMs;
      this.#turn((ranMs % cycleMs) / cycleMs, nowMs);
      for (const event of EVENTS[this.#weather]) {
        const dueMs = due.get(event) ?? nowMs + this.#pause(event);
        due.set(event, nowMs < dueMs ? dueMs : nowMs + this.#pause(event));
        if (nowMs >= dueMs) await this.#account.guard(event, () => this.#happen(event));
      }
      if (nowMs >= last.collect + COLLECT_MS) {
        last.collect = nowMs;
        await this.#cast.collect();
      }
      const livedMs = nowMs - Math.max(this.#calmSinceMs, this.#lastKillMs);
      if (this.#isCalm && livedMs > MEMORY_AFTER_MS && nowMs >= last.memory + MEMORY_EVERY_MS) {
        last.memory = nowMs;
        await this.#account.guard("memory", () => this.#measure(Math.floor(ranMs / cycleMs)));
      }
      if (nowMs >= last.tell + TELL_MS) {
        last.tell = nowMs;
        await this.#cast.watchPlayers();
        this.#account.progress(ranMs, this.#weather);
      }
      await wait(Math.max(0, TICK_MS - (Date.now() - nowMs)));
    }
  }

  #turn(share: number, nowMs: number): void {
    const isUpdating = share >= UPDATES_FROM || this.#isUpdating;
    const weather = isUpdating ? "updates" : share < CALM_FROM ? "storm" : "calm";
    if (weather === "calm" && this.#weather !== "calm") this.#calmSinceMs = nowMs;
    this.#weather = weather;
  }

  get #isCalm(): boolean {
    return this.#weather === "calm";
  }

  /** From one to the next of its kind: anything from nothing to twice the mean. */
  #pause(event: Event): number {
    return EVERY_MS[event] * 2 * this.#random();
  }

  async #happen(event: Event): Promise<void> {
    switch (event) {
      case "kill":
        if (Date.now() < this.#lastDeathMs + APART_MS) return;
        this.#lastKillMs = Date.now();
        await this.#cast.attacker.kill();
        break;
      case "fault":
        return this.#break();
      case "restart":
        return this.#endAndRestart();
      case "update":
        if (this.#isUpdating || this.#isAttacking) return;
        this.#isUpdating = true;
        this.#background("an update", () => this.#update().finally(() => (this.#isUpdating = false)));
        return;
      case "pressure":
        this.#background("the filler", () => this.#fillDisk());
        break;
      default:
        return this.#lose(event);
    }
    this.#account.count(event);
  }

  /** A stream goes wrong where it is made. */
  async #break(): Promise<void> {
    const { tab, streams } = this.#pick(this.#cast.producers);
    const { name } = this.#pick(streams);
    const fault = this.#pick(FAULTS);
    if (tab.isAway || this.#cast.spared.has(name)) return;
    await tab.page.evaluate(([one, what]) => window.soak.producers.get(one)?.break(what), [name, fault] as const);
    this.#account.count(fault);
  }

  /** A tab is reloaded or closed, and is opened again. */
  async #lose(how: "reload" | "close"): Promise<void> {
    const { producers, readers, players, spared } = this.#cast;
    const member = this.#pick([...producers, ...readers, ...players]);
    const { tab } = member;
    const isSpared = "streams" in member && member.streams.some(({ name }) => spared.has(name));
    if (Date.now() < this.#lastKillMs + APART_MS || tab.isAway || isSpared) return;
    await this.#cast.collect();
    this.#lastDeathMs = Date.now();
    tab.isAway = true;
    if (how === "close") await tab.close();
    this.#background(`${tab.name}, opened again`, () => this.#cast.start(member));
    this.#account.count(how);
  }

  /** A stream ends; once whoever reads it has seen that, it is published under its name again. */
  async #endAndRestart(): Promise<void> {
    const { readers, spared, ended } = this.#cast;
    const { tab, streams } = this.#pick(this.#cast.producers);
    const stream = this.#pick(streams);
    const { name } = stream;
    if (tab.isAway || spared.has(name)) return;
    spared.add(name);
    this.#account.count("restart");
    this.#background(`the end of ${name}`, async () => {
      try {
        await tab.page.evaluate((one) => window.soak.producers.get(one)?.end(), name);
        const reader = readers.find((one) => one.stream === stream);
        for (const deadlineMs = Date.now() + END_SEEN_MS; ; await wait(TICK_MS)) {
          if (reader?.tab.isAway === false && ended.has(name)) break;
          if (Date.now() < deadlineMs) continue;
          this.#account.fault(`${name} has ended, and its reader has not seen that within ${END_SEEN_MS} ms`);
          break;
        }
        // What its producer was told last is of the window that goes.
        await this.#cast.collect();
        this.#account.ledger.replaced(name);
        await this.#cast.produce(tab, stream);
      } finally {
        spared.delete(name);
      }
    });
  }

  /** A new script of the worker is there, and a tab finds it: it is to take over while everything is live, and nothing may be lost by that. */
  async #update(): Promise<void> {
    const { site, strictUpdates } = this.#options;
    const wanted = site.release();
    this.#lastKillMs = Date.now();
    const { page } = this.#cast.attacker;
    const { tookMs, release, state } = await page.evaluate((within) => window.soak.update(within), TAKE_OVER_MS);
    this.#account.count("update");
    this.#account.updated(tookMs);
    if (tookMs === undefined) {
      const what = `a new worker has not taken over within ${TAKE_OVER_MS} ms: it is ${state}`;
      if (strictUpdates) this.#account.fault(what);
      else this.#options.tell(what);
      while (!this.#isOver && (await page.evaluate(() => window.soak.isUpdating()))) await wait(TICK_MS);
    } else if (release !== wanted)
      this.#account.fault(`the worker that took over is release ${release}, and not ${wanted}`);
    this.#lastKillMs = Date.now();
  }

  async #fillDisk(): Promise<void> {
    const taken = await this.#cast.attacker.page.evaluate(([leave, hold]) => window.soak.fill(leave, hold), [
      LEFT_BYTES,
      PRESSURE_MS,
    ] as const);
    this.#account.count("bytes of pressure", taken);
  }

  async #attack(): Promise<void> {
    for (let round = 0; !this.#isOver; round++) {
      // A page that does not keep silent as the library's do can keep a new worker from ever taking over.
      if (this.#weather === "updates") {
        await wait(TICK_MS);
        continue;
      }
      this.#isAttacking = true;
      const { attacks, answers, faults } = await this.#cast.attacker.page.evaluate(
        ([seed, forMs]) => window.soak.attack(seed, forMs),
        [this.#options.seed * 1000 + round, ATTACK_MS] as const,
      );
      this.#isAttacking = false;
      this.#account.count("attack", attacks);
      for (const [answer, times] of Object.entries(answers)) this.#account.answered(answer, times);
      for (const fault of faults) this.#account.fault(`an attack: ${fault}`);
    }
  }

  /** One stream after the other, while nobody breaks it and no worker is killed. */
  async #validate(): Promise<void> {
    const { spared, validator } = this.#cast;
    for (let turn = 0; !this.#isOver; turn++) {
      const name = STREAMS[turn % STREAMS.length]?.name ?? "";
      if (!this.#isCalm || spared.has(name) || Date.now() < this.#lastKillMs + APART_MS) {
        await wait(TICK_MS);
        continue;
      }
      spared.add(name);
      const startMs = Date.now();
      try {
        const url = `/live/${name}/main.m3u8`;
        const { findings, playlists } = await validateInPage(validator.page, url, { durationMs: VALIDATE_MS });
        if (this.#lastKillMs > startMs) continue;
        this.#account.count("validation");
        this.#account.count("playlist that was validated", playlists);
        for (const { rule, level, message, lines = [] } of findings) {
          if (level !== "MUST") continue;
          if (OF_TIME.has(rule)) this.#account.late(rule);
          else this.#account.fault(`the validator: ${name}: rule ${rule}: ${message} ${lines.join(" / ")}`);
        }
      } finally {
        spared.delete(name);
      }
    }
  }

  async #measure(stretch: number): Promise<void> {
    const { browser, site } = this.#options;
    this.#account.memory.push({ atMs: Date.now(), stretch, ...(await workerMemory(browser, site.url, true)) });
  }

  /** How many cores the browser has kept busy; of processes that are gone nothing is known. */
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
    const { producers, readers, attacker, validator, ended } = this.#cast;
    const { ledger } = this.#account;
    const ends = producers.flatMap(({ tab, streams }) =>
      streams.map(({ name }) =>
        this.#account.guard(`the end of ${name}`, async () => {
          await tab.page.evaluate((one) => window.soak.producers.get(one)?.end(), name);
        }),
      ),
    );
    await Promise.all(ends);
    for (const deadlineMs = Date.now() + END_SEEN_MS; Date.now() < deadlineMs; await wait(TICK_MS)) {
      await this.#cast.collect();
      if (STREAMS.every(({ name }) => ended.has(name)) && ledger.open === 0) break;
    }
    if (ledger.open > 0) this.#account.fault(`${ledger.open} acknowledged parts were not to be found by the end`);
    for (const { tab } of readers) {
      await tab.page.evaluate(() => {
        for (const one of window.soak.readers.values()) one.stop();
      });
    }
    await attacker.kill();
    // Where a new worker still waited it serves now, and not the pages that were open when the old one died.
    await validator.load();
    for (const stream of STREAMS) {
      await this.#account.guard(`the window of ${stream.name}`, async () => {
        const windows = await validator.page.evaluate((one) => window.soak.readWindows(one), stream);
        for (const { rendition, segments, numbers, problems } of windows) {
          const where = `${stream.name}/${rendition} from the disk`;
          this.#account.count("segment from the disk", segments);
          for (const problem of problems) this.#account.fault(`${where}: ${problem}`);
          const there = new Set(numbers);
          const lost = ledger.newest(stream.name, rendition).filter((n) => !there.has(n));
          if (lost.length > 0) this.#account.fault(`${where}: the parts ${lost.join(", ")} are lost`);
        }
      });
    }
  }

  /** In a browser with a profile on disk, since that of the others dies with them. */
  async #killBrowsers(minutes: number): Promise<void> {
    const { context, site, launch, tell } = this.#options;
    await context.close();
    const deaths = Math.min(MAX_DEATHS, Math.max(MIN_DEATHS, Math.round(minutes / DEATH_EVERY_MINUTES)));
    tell(`the browser is killed ${deaths} times`);
    const { args = [], executablePath } = launch;
    await new BrowserDeaths({ site, account: this.#account, random: this.#random, args, executablePath }).run(deaths);
  }

  #background(what: string, body: () => Promise<void>): void {
    const job = this.#account.guard(what, body).then(() => {
      this.#jobs.delete(job);
    });
    this.#jobs.add(job);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
