import type { Clock } from "../../model/clock.ts";
import { TokenBucket } from "../../model/token-bucket.ts";
import { CONSENT_KEY, storeConsent } from "./page-store.ts";
import type { PeersMode, UploadOptions } from "./peer-options.ts";
import type { UploadBar } from "./upload-bar.ts";
import { type KeyValueStore, UploadMeter } from "./upload-meter.ts";

export type UploadState =
  | { readonly on: true; readonly reason: undefined }
  | { readonly on: false; readonly reason: UploadBar };

/** What a policy looks at. */
export interface UploadWorld {
  readonly clock: Clock;
  readonly store: KeyValueStore;
  /** The page is hidden. */
  readonly hidden: boolean;
  /** Bytes cost money, as far as the browser tells. */
  readonly metered: boolean;
  /** The person asked for less data. */
  readonly saveData: boolean;
  /** Calls when any of these may have changed; the returned function ends that. */
  onChange(listener: () => void): () => void;
}

/** At most so much goes out at once under a rate: the time of two full frames and more at any rate that is of use. */
const BURST_BYTES = 128 * 1024;

/** Says whether this viewer uploads, why not, and how fast. */
export class UploadPolicy {
  /** Shared by all connections; undefined where there is no limit. In bytes. */
  readonly rate: TokenBucket | undefined;
  readonly #options: Required<UploadOptions>;
  readonly #mode: PeersMode;
  readonly #world: UploadWorld;
  readonly #meter: UploadMeter;
  readonly #listeners = new Set<(state: UploadState) => void>();
  readonly #unwatch: () => void;
  /** The person's answer in this visit, where nothing can be stored. */
  #answer: boolean | undefined;
  #state: UploadState;

  constructor(options: Required<UploadOptions>, mode: PeersMode, world: UploadWorld) {
    this.#options = options;
    this.#mode = mode;
    this.#world = world;
    this.#meter = new UploadMeter(world.store, world.clock);
    if (options.maxBps !== Number.POSITIVE_INFINITY) {
      this.rate = new TokenBucket({ perSecond: options.maxBps / 8, burst: BURST_BYTES, clock: world.clock });
    }
    this.#state = this.#judge();
    this.#unwatch = world.onChange(() => this.#look());
  }

  get state(): UploadState {
    return this.#state;
  }

  /** In this calendar month. */
  get monthBytes(): number {
    return this.#meter.monthBytes;
  }

  /** The person's answer, which is remembered. Counts where `consent` is `"ask"`. */
  setConsent(given: boolean): void {
    try {
      storeConsent(given, this.#world.store);
      this.#answer = undefined;
    } catch {
      this.#answer = given;
    }
    this.#look();
  }

  /** Calls at each change, not at once. The returned function ends that. */
  onChange(listener: (state: UploadState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** So many bytes have been sent. */
  uploaded(bytes: number): void {
    this.#meter.add(bytes);
    if (this.#state.on && this.#meter.monthBytes >= this.#options.monthlyBytes) this.#look();
  }

  close(): void {
    this.#unwatch();
    this.#listeners.clear();
    this.#meter.sync();
  }

  #look(): void {
    // Also what other tabs have sent since.
    this.#meter.sync();
    const state = this.#judge();
    if (state.reason === this.#state.reason) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #judge(): UploadState {
    const reason = this.#bar();
    return reason === undefined ? { on: true, reason } : { on: false, reason };
  }

  #bar(): UploadBar | undefined {
    const { consent, onMetered, inBackground, monthlyBytes } = this.#options;
    if (this.#mode === "off" || this.#mode === "receive-only") return this.#mode;
    if (!(consent === "ask" ? this.#asked() : consent)) return "no-consent";
    if (!onMetered && this.#world.saveData) return "save-data";
    if (!onMetered && this.#world.metered) return "metered";
    if (!inBackground && this.#world.hidden) return "background";
    return this.#meter.monthBytes >= monthlyBytes ? "monthly-cap" : undefined;
  }

  #asked(): boolean {
    if (this.#answer !== undefined) return this.#answer;
    try {
      return this.#world.store.getItem(CONSENT_KEY) === "yes";
    } catch {
      return false;
    }
  }
}
