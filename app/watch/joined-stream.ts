import { type Relay, type Session, type SessionStats, uploadRecord } from "eddy-hls";
import { hasRelay, type JoinAddress } from "../address.ts";
import { joinOptions, withPeersOf } from "../kit/join-sources.ts";
import { explainLink } from "../kit/link-trouble.ts";
import type { Explanation } from "../kit/messages.ts";
import { readPreferences } from "../kit/preferences.ts";
import type { JoinState } from "./watch-sentences.ts";

/** A stream that is joined may take this long to come, before what is kept of it is played instead. */
const JOIN_MS = 10_000;

export interface JoinListener {
  changed(): void;
  /** Nothing comes, and why; it is tried again. */
  problem(code: string, message: string): void;
  /** It comes again. */
  solved(): void;
  failed(explanation: Explanation): void;
  /** For `window.eddy`. */
  shared(session: Session): void;
}

/** A stream that comes from elsewhere: from other viewers, a server or a relay, as the address says. */
export class JoinedStream {
  readonly hasServer: boolean;
  readonly #name: string;
  readonly #address: JoinAddress;
  readonly #listener: JoinListener;
  readonly #signal: AbortSignal;
  #state: JoinState;
  #session: Session | undefined;
  #joinedAtMs = 0;
  #stats: SessionStats | undefined;

  constructor(
    name: string,
    address: JoinAddress,
    { listener, signal }: { listener: JoinListener; signal: AbortSignal },
  ) {
    this.#name = name;
    this.#address = address;
    this.#listener = listener;
    this.#signal = signal;
    this.hasServer = address.origin !== undefined || hasRelay(address);
    this.#state = withPeersOf(address, readPreferences()) === "ask" ? "asked" : "joined";
  }

  get state(): JoinState {
    return this.#state;
  }

  /** Undefined before it is joined. */
  get stats(): SessionStats | undefined {
    return this.#stats;
  }

  /** Whether the stream may still come from elsewhere, so that what is kept of it is not what to play. */
  get mayCome(): boolean {
    if (this.#session === undefined) return this.#state !== "failed";
    return performance.now() - this.#joinedAtMs < JOIN_MS;
  }

  /** Whoever was asked has agreed: that is more than what was chosen for every stream. */
  agree(): void {
    this.#state = "joined";
  }

  allow(given: boolean): void {
    this.#session?.setConsent(given);
  }

  async join(relay: Relay, video: HTMLVideoElement, hasAgreed: boolean): Promise<void> {
    const preferences = readPreferences();
    const withPeers = hasAgreed || withPeersOf(this.#address, preferences) === "on";
    try {
      const session = await relay.join(this.#name, joinOptions(this.#address, withPeers, preferences));
      this.#session = session;
      this.#joinedAtMs = performance.now();
      session.attach(video);
      // Who asks for other viewers gives as well. The checkbox takes it back, and that holds: an address alone gives nothing again.
      if (withPeers && (hasAgreed || uploadRecord().consent !== false)) session.setConsent(true);
      this.#show(session.stats());
      session.addEventListener("stats", ({ detail }) => this.#show(detail));
      session.addEventListener("problem", ({ detail: { code, message } }) => {
        if (code === undefined) this.#listener.solved();
        else this.#listener.problem(code, message);
      });
      this.#listener.shared(session);
      this.#signal.addEventListener("abort", () => void session.close());
    } catch (thrown) {
      // What is kept of it may still be there to play.
      this.#state = "failed";
      this.#listener.failed(explainLink(thrown, this.#address));
    }
  }

  #show(stats: SessionStats): void {
    this.#stats = stats;
    this.#listener.changed();
  }
}
