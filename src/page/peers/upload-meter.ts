import type { Clock } from "../../model/clock.ts";

/** What the browser keeps for an origin; `localStorage` is one. */
export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = "eddy-hls uploaded";
/** Written when so much has been added: a write per frame would cost more than the frame. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Bytes that were uploaded in this calendar month (UTC), over all tabs and visits. Tabs that upload at the same time add to each
 * other's sum, within what one writes at a time. Where nothing can be stored, it counts this visit.
 */
export class UploadMeter {
  readonly #store: KeyValueStore;
  readonly #clock: Clock;
  /** As it was last read, or written. */
  #stored: Month = { month: "", bytes: 0 };
  #unwrittenBytes = 0;

  constructor(store: KeyValueStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#stored = this.#read();
  }

  get monthBytes(): number {
    this.#turn();
    return this.#stored.bytes + this.#unwrittenBytes;
  }

  add(bytes: number): void {
    this.#turn();
    this.#unwrittenBytes += bytes;
    if (this.#unwrittenBytes >= WRITE_BYTES) this.sync();
  }

  /** Reads what other tabs have added, and adds what this one has not written yet. */
  sync(): void {
    this.#turn();
    const { month, bytes } = this.#read();
    const addedBytes = this.#unwrittenBytes;
    this.#stored = { month, bytes: bytes + addedBytes };
    this.#unwrittenBytes = 0;
    if (addedBytes === 0) return;
    try {
      this.#store.setItem(KEY, JSON.stringify(this.#stored));
    } catch {
      // Full, or not allowed: this visit is counted.
    }
  }

  /** A new month begins with nothing. */
  #turn(): void {
    if (this.#stored.month === this.#month()) return;
    this.#stored = { month: this.#month(), bytes: 0 };
    this.#unwrittenBytes = 0;
  }

  #month(): string {
    return new Date(this.#clock.wallMs()).toISOString().slice(0, 7);
  }

  #read(): Month {
    const known = this.#stored.month === this.#month() ? this.#stored.bytes : 0;
    const none = { month: this.#month(), bytes: known };
    try {
      const { month, bytes } = JSON.parse(this.#store.getItem(KEY) ?? "{}") as Partial<Month>;
      // Never less than what this tab knows: what was cleared, or could not be written, still counts.
      return month === none.month && Number.isFinite(bytes) ? { month, bytes: Math.max(Number(bytes), known) } : none;
    } catch {
      return none;
    }
  }
}

interface Month {
  /** `2026-01`. */
  readonly month: string;
  readonly bytes: number;
}
