import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import type { StreamOptions } from "../../model/options.ts";
import type { Digest, SignedHeader } from "../../model/part-header.ts";
import { MoqBroadcaster } from "../../moq/moq-broadcaster.ts";
import type { MoqConnect, MoqSession } from "../../moq/moq-session.ts";
import { RelayLink } from "../../moq/relay-link.ts";
import type { RelayUplink } from "../session/relay-uplink.ts";
import type { SessionRelay } from "../session/session-stats.ts";
import { aborted } from "../session/waits.ts";
import { connectMoq } from "./moq-connection.ts";
import { NetOutlet } from "./moq-outlet.ts";
import type { MoqSource } from "./moq-source.ts";

export interface MoqUplinkOptions {
  /** Of the stream, where the source names no other. */
  readonly name: string;
  readonly options: StreamOptions;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Sends a signed stream to one relay, once, and again to wherever the connection is made anew. */
export class MoqUplink implements RelayUplink {
  readonly #link: RelayLink<MoqSession>;
  readonly #broadcaster: MoqBroadcaster;
  readonly #closed = new AbortController();

  constructor(source: MoqSource, { name, options, clock, random }: MoqUplinkOptions, connect = connectMoq) {
    const relays = source.relays.map(
      (relay): MoqConnect =>
        (signal) =>
          connect(relay, signal),
    );
    // Why there is no session stands in the figures: what is published goes on without.
    this.#link = new RelayLink({ relays, clock, random, trouble: () => undefined });
    const outlet = new NetOutlet();
    this.#broadcaster = new MoqBroadcaster(options, outlet, clock);
    void this.#link.run(this.#closed.signal, (session, over) => {
      session.publish(source.name ?? name, outlet);
      return aborted(over);
    });
  }

  get stats(): SessionRelay {
    const { relay, lastError, ...link } = this.#link.stats;
    return {
      ...link,
      url: relay,
      subscriptions: 0,
      refused: 0,
      ...(lastError === undefined ? {} : { lastRefusal: lastError }),
    };
  }

  setCard(bytes: Bytes): void {
    this.#broadcaster.card(bytes);
  }

  provideInit(_digest: Digest, bytes: Bytes, rendition: number): void {
    this.#broadcaster.init(rendition, bytes);
  }

  provide(signed: SignedHeader, bytes: Bytes): void {
    this.#broadcaster.part(signed, bytes);
  }

  close(): void {
    this.#broadcaster.close();
    this.#closed.abort();
  }
}
