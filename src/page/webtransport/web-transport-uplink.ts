import { CarriageSession } from "../../carriage/carriage-session.ts";
import { PartSender } from "../../carriage/part-sender.ts";
import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import { onAbort } from "../../model/on-abort.ts";
import type { Digest, SignedHeader } from "../../model/part-header.ts";
import { RelayLink } from "../../moq/relay-link.ts";
import type { RelayUplink, RelayUplinkOptions } from "../session/relay-uplink.ts";
import type { SessionRelay } from "../session/session-stats.ts";
import { type CarriageLink, connectCarriage } from "./web-transport-connection.ts";
import type { WebTransportSource } from "./web-transport-source.ts";

/** Sends a signed stream to one server, each part until the server has it, over one session after another. */
export class WebTransportUplink implements RelayUplink {
  readonly #clock: Clock;
  readonly #link: RelayLink<CarriageLink>;
  readonly #sender: PartSender;
  readonly #closed = new AbortController();
  #session: CarriageSession | undefined;
  #card: Bytes | undefined;
  /** By rendition: the one in effect. */
  readonly #inits = new Map<number, { readonly digest: Digest; readonly bytes: Bytes }>();

  constructor(source: WebTransportSource, { clock, random }: RelayUplinkOptions, connect = connectCarriage) {
    this.#clock = clock;
    this.#sender = new PartSender(clock);
    // Why there is no session stands in the figures: what is published goes on without.
    this.#link = new RelayLink({
      relays: [(signal) => connect(source, signal)],
      clock,
      random,
      trouble: () => undefined,
    });
    void this.#link.run(this.#closed.signal, (link, over) => this.#publish(link, over));
  }

  get stats(): SessionRelay {
    const { relay, lastError, ...link } = this.#link.stats;
    return {
      ...link,
      url: relay,
      subscriptions: 0,
      refused: this.#sender.lost,
      ...(lastError === undefined ? {} : { lastRefusal: lastError }),
    };
  }

  setCard(bytes: Bytes): void {
    this.#card = bytes;
    this.#session?.send({ kind: "card", bytes }).catch(() => undefined); // the next session gets it
  }

  provideInit(digest: Digest, bytes: Bytes, rendition: number): void {
    this.#inits.set(rendition, { digest, bytes });
    this.#session?.send({ kind: "init", digest, bytes }).catch(() => undefined);
  }

  provide(signed: SignedHeader, bytes: Bytes): void {
    this.#sender.push({ signed, bytes });
  }

  close(): void {
    this.#closed.abort();
  }

  async #publish({ carrier }: CarriageLink, over: AbortSignal): Promise<void> {
    const session: CarriageSession = new CarriageSession({
      transport: carrier,
      opens: true,
      self: crypto.randomUUID().slice(0, 8),
      source: true,
      clock: this.#clock,
      listener: {
        hello: () => this.#start(session),
        frame: (frame) => {
          if (frame.kind === "have") this.#sender.answered(frame.rendition, frame.ranges);
          else if (frame.kind === "refuse") this.#sender.refused(frame.key);
        },
        bundle: () => undefined,
      },
    });
    const forget = onAbort(over, () => session.close());
    try {
      await session.run();
    } finally {
      forget();
      this.#session = undefined;
      this.#sender.detach();
    }
  }

  #start(session: CarriageSession): void {
    this.#session = session;
    if (this.#card !== undefined) session.send({ kind: "card", bytes: this.#card }).catch(() => undefined);
    for (const init of this.#inits.values()) session.send({ kind: "init", ...init }).catch(() => undefined);
    this.#sender.attach(session);
  }
}
