import type { BrowserContext } from "@playwright/test";
import type { Account } from "./account.ts";
import { QUOTA_BYTES, type SoakStream, STREAMS } from "./plan.ts";
import type { SoakSite } from "./site.ts";
import { Tab } from "./tabs.ts";

export interface Producing {
  readonly tab: Tab;
  readonly streams: readonly SoakStream[];
}

export interface Watching {
  readonly tab: Tab;
  readonly stream: SoakStream;
}

const TABS_PER_PRODUCER = 2;
const PLAYED_STREAMS = 2;
/** How often a stream is asked for whose former page may not be gone yet, as far as the worker knows. */
const MAX_TRIES = 30;
const RETRY_MS = 1_000;
/** A reader that gets nowhere for so long, while its stream is published, is stuck; a busy machine is not. */
const STUCK_MS = 120_000;

/** The tabs of the soak, and what they are there for. */
export class Cast {
  readonly producers: readonly Producing[];
  readonly readers: readonly Watching[];
  readonly players: readonly Watching[];
  readonly validator: Tab;
  readonly attacker: Tab;
  /** Streams that are left alone for now: they are validated, or end. */
  readonly spared = new Set<string>();
  /** Streams of which every reader has seen the end. */
  readonly ended = new Set<string>();
  readonly #account: Account;
  readonly #originMs = Date.now();
  readonly #context: BrowserContext;
  readonly #site: SoakSite;
  /** When readers of a stream were last heard of, and when they last had something new. */
  readonly #heard = new Map<string, { heardMs: number; newMs: number }>();

  constructor(context: BrowserContext, site: SoakSite, account: Account) {
    this.#context = context;
    this.#site = site;
    this.#account = account;
    const tab = (name: string): Tab => new Tab(name, context, site.url);
    this.producers = Array.from({ length: STREAMS.length / TABS_PER_PRODUCER }, (_, at) => ({
      tab: tab(`producer-${at}`),
      streams: STREAMS.slice(at * TABS_PER_PRODUCER, (at + 1) * TABS_PER_PRODUCER),
    }));
    this.readers = STREAMS.map((stream) => ({ tab: tab(`reader-${stream.name}`), stream }));
    this.players = STREAMS.slice(0, PLAYED_STREAMS).map((stream) => ({ tab: tab(`player-${stream.name}`), stream }));
    this.validator = tab("validator");
    this.attacker = tab("attacker");
  }

  get tabs(): number {
    return this.producers.length + this.readers.length + this.players.length + 2;
  }

  async begin(): Promise<void> {
    // Before the first use of the database: later it does not count.
    const session = await this.#context.newCDPSession(await this.validator.blank());
    await session.send("Storage.overrideQuotaForOrigin", { origin: this.#site.url, quotaSize: QUOTA_BYTES });
    for (const group of [this.producers, this.readers, this.players]) {
      await Promise.all(group.map((member) => this.start(member)));
    }
    await Promise.all([this.validator.load(), this.attacker.load()]);
  }

  /** Opens a tab, or opens it again, and tells it what to do. */
  async start(member: Producing | Watching): Promise<void> {
    const { tab } = member;
    const page = await tab.load();
    if ("streams" in member) for (const stream of member.streams) await this.produce(tab, stream);
    else if (this.players.includes(member)) {
      await page.evaluate((url) => window.soak.play(url), `/live/${member.stream.name}/main.m3u8`);
    } else {
      const { name } = member.stream;
      const readBefore = this.#account.ledger.readUpTo(name);
      const heardMs = this.#heard.get(name)?.heardMs ?? Date.now();
      const options = { stream: member.stream, readBefore, heardMs };
      await page.evaluate((given) => window.soak.read(given), options);
    }
    tab.isAway = false;
  }

  async produce(tab: Tab, stream: SoakStream): Promise<void> {
    const options = { stream, originMs: this.#originMs };
    for (let tries = 1; ; tries++) {
      try {
        return await tab.page.evaluate((given) => window.soak.produce(given), options);
      } catch (error) {
        if (tries >= MAX_TRIES || !/stream-exists|being published/.test(String(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Takes what producers and readers have noted, and judges it. */
  async collect(): Promise<void> {
    const { ledger } = this.#account;
    for (const { tab, streams } of this.producers) {
      if (tab.isAway) continue;
      for (const { name } of streams) {
        const taken = await tab.page
          .evaluate((one) => window.soak.producers.get(one)?.take(), name)
          .catch(() => undefined); // it is being closed
        for (const part of taken?.acknowledged ?? []) ledger.take(name, part);
        for (const fault of taken?.faults ?? []) this.#account.fault(`a producer: ${fault}`);
      }
    }
    for (const { tab, stream } of this.readers) {
      if (tab.isAway) continue;
      const { name } = stream;
      const taken = await tab.page.evaluate((one) => window.soak.readers.get(one)?.take(), name).catch(() => undefined);
      if (taken === undefined) continue;
      for (const segment of taken.read) ledger.see(name, segment);
      for (const missed of taken.missed) ledger.miss(name, missed);
      for (const fault of taken.faults) this.#account.fault(`a reader: ${fault}`);
      const renditions = Object.keys(ledger.readUpTo(name)).length;
      if (taken.ended.length > 0 && taken.ended.length === renditions) this.ended.add(name);
      else this.ended.delete(name);
      this.#hear(name, taken.read.length > 0);
    }
    this.#account.settle();
    for (const told of this.#site.told.splice(0)) this.#account.fault(`unhandled in the worker: ${told}`);
  }

  #hear(name: string, hasRead: boolean): void {
    const heardMs = Date.now();
    const newMs = hasRead || this.spared.has(name) ? heardMs : (this.#heard.get(name)?.newMs ?? heardMs);
    const isStuck = heardMs > newMs + STUCK_MS;
    if (isStuck) this.#account.fault(`${name}: nothing new could be read for ${STUCK_MS} ms`);
    this.#heard.set(name, { heardMs, newMs: isStuck ? heardMs : newMs });
  }

  /** Looks at what players show. */
  async watchPlayers(): Promise<void> {
    for (const { tab, stream } of this.players) {
      if (tab.isAway) continue;
      const played = await tab.page.evaluate(() => window.played?.()).catch(() => undefined);
      if (played?.frame === undefined) continue;
      this.#account.framesSeen += 1;
      const newest = ((Date.now() - this.#originMs) / 1000 + 1) * 30;
      if (played.frame > newest) this.#account.fault(`a player of ${stream.name} shows a frame of the time to come`);
    }
  }
}
