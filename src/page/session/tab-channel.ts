import type { Clock } from "../../model/clock.ts";
import type { SessionStats } from "./session-stats.ts";

/** Of these messages; tabs of another release are not understood, and play all the same. */
const VERSION = 1;
/** A tab that has not told of its player for this long has closed, or plays nothing. */
const SILENT_AFTER_MS = 5_000;
/** Tabs that are remembered. */
const MAX_TABS = 64;
/** Of a tab, which is a UUID. */
const MAX_NAME_LENGTH = 64;

/** What of BroadcastChannel is needed. */
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

type TabMessage =
  | { readonly version: number; readonly kind: "stats"; readonly stats: SessionStats }
  | { readonly version: number; readonly kind: "buffer"; readonly tab: string; readonly aheadMs: number }
  | { readonly version: number; readonly kind: "consent"; readonly given: boolean }
  | { readonly version: number; readonly kind: "hello" };

export interface TabChannelOptions {
  readonly channel: Channel;
  readonly clock: Clock;
  /** Names this tab among the others. */
  readonly tab: string;
  /** The leader tells how it goes. */
  readonly stats: (stats: SessionStats) => void;
  /** A tab came, and knows nothing. */
  readonly hello: () => void;
  /** A player told what it has left. */
  readonly buffer: () => void;
  /** The person has answered, in another tab, whether this browser may send parts to other viewers. */
  readonly consent: (given: boolean) => void;
}

/** The tabs of one browser that watch one stream: the leader tells its figures, the others how much their players have. */
export class TabChannel {
  readonly #options: TabChannelOptions;
  readonly #buffers = new Map<string, { readonly aheadMs: number; readonly atMs: number }>();
  #isClosed = false;

  constructor(options: TabChannelOptions) {
    this.#options = options;
    options.channel.onmessage = ({ data }) => this.#receive(data);
    this.#post({ version: VERSION, kind: "hello" });
  }

  tellStats(stats: SessionStats): void {
    this.#post({ version: VERSION, kind: "stats", stats });
  }

  tellConsent(given: boolean): void {
    this.#post({ version: VERSION, kind: "consent", given });
  }

  tellBuffer(aheadMs: number): void {
    this.#hear(this.#options.tab, aheadMs);
    this.#post({ version: VERSION, kind: "buffer", tab: this.#options.tab, aheadMs });
  }

  /** The least that any tab's player has; undefined where none plays. */
  get bufferAheadMs(): number | undefined {
    const now = this.#options.clock.now();
    let least: number | undefined;
    for (const [tab, { aheadMs, atMs }] of this.#buffers) {
      if (now - atMs > SILENT_AFTER_MS) this.#buffers.delete(tab);
      else if (least === undefined || aheadMs < least) least = aheadMs;
    }
    return least;
  }

  /** The player of this tab plays no more. */
  forgetBuffer(): void {
    this.#buffers.delete(this.#options.tab);
  }

  close(): void {
    this.#isClosed = true;
    this.#options.channel.onmessage = null;
    this.#options.channel.close();
  }

  #post(message: TabMessage): void {
    if (!this.#isClosed) this.#options.channel.postMessage(message);
  }

  /** Any page of this origin can say anything here. */
  #hear(tab: unknown, aheadMs: unknown): void {
    if (typeof tab !== "string" || tab.length > MAX_NAME_LENGTH) return;
    if (typeof aheadMs !== "number" || !(aheadMs >= 0 && aheadMs < Number.POSITIVE_INFINITY)) return;
    if (!this.#buffers.has(tab) && this.#buffers.size >= MAX_TABS) return;
    this.#buffers.set(tab, { aheadMs, atMs: this.#options.clock.now() });
    this.#options.buffer();
  }

  #receive(data: unknown): void {
    const message = data as TabMessage | undefined;
    if (typeof message !== "object" || message === null || message.version !== VERSION) return;
    switch (message.kind) {
      case "stats":
        if (typeof message.stats === "object" && message.stats !== null) this.#options.stats(message.stats);
        return;
      case "buffer":
        this.#hear(message.tab, message.aheadMs);
        return;
      case "consent":
        this.#options.consent(message.given === true);
        return;
      case "hello":
        this.#options.hello();
        return;
    }
  }
}
