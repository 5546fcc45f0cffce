import type { Relay, StreamStats, StreamSummary } from "eddy-hls";
import { type Explanation, explain } from "../kit/messages.ts";
import { poll } from "../kit/poll.ts";
import { words } from "../words/words.ts";

/** What is kept of the stream, and whether its publisher still sends. */
const READ_EVERY_MS = 2_000;
/** A publisher that is silent for longer is why a stall lasts. */
const SILENT_MS = 3_000;

export interface RelayStreamListener {
  changed(): void;
  problem(explanation: Explanation): void;
}

/** A stream as the relay of this browser tells of it. */
export class RelayStream {
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #listener: RelayStreamListener;
  #stats: StreamStats | undefined;
  #playlistUrl = "";
  #lookNow = (): void => {};

  constructor(name: string, relay: Promise<Relay>, listener: RelayStreamListener) {
    this.#name = name;
    this.#relay = relay;
    this.#listener = listener;
  }

  /** As the relay told last; undefined while it has no such stream. */
  get stats(): StreamStats | undefined {
    return this.#stats;
  }

  /** URL of the stream's playlist; empty until there is one. */
  get playlistUrl(): string {
    return this.#playlistUrl;
  }

  /** What a person calls it. */
  get title(): string {
    return this.#stats?.kept?.title ?? this.#name;
  }

  get isLive(): boolean {
    return this.#stats?.state === "live";
  }

  /** Its publisher sends nothing, though it did not end the stream. */
  get isAway(): boolean {
    const { state, idleMs = 0 } = this.#stats ?? {};
    return state === "waiting" || (state === "live" && idleMs >= SILENT_MS);
  }

  /** Looks at it again and again, while anybody sees the page. */
  watch(signal: AbortSignal): void {
    this.#lookNow = poll({ everyMs: READ_EVERY_MS, signal, onlyShown: true }, () => this.#read());
  }

  lookNow(): void {
    this.#lookNow();
  }

  /** Whether it is there at this moment. @throws RelayError where the relay does not answer */
  async find(): Promise<StreamSummary | undefined> {
    return (await (await this.#relay).streams()).find(({ name }) => name === this.#name);
  }

  /** Keeps the stream until somebody deletes it, or lets it go again. Gives what was done; undefined where that failed. */
  async togglePin(): Promise<string | undefined> {
    const on = this.#stats?.kept?.pinned !== true;
    try {
      await (await this.#relay).pin(this.#name, on);
      this.lookNow();
      const { didPin, didUnpin } = words.watch.recording;
      return (on ? didPin : didUnpin)(this.title);
    } catch (thrown) {
      this.#listener.problem(explain(thrown));
      return undefined;
    }
  }

  async #read(): Promise<void> {
    try {
      const relay = await this.#relay;
      this.#stats = await relay.stats(this.#name);
      this.#playlistUrl = new URL(relay.url(this.#name), location.href).href;
    } catch {
      // Not there, or no answer: whoever needs the stream finds out why, and says so.
      this.#stats = undefined;
    }
    this.#listener.changed();
  }
}
