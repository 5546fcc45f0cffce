import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { type PartKey, partNumber, type StreamCard } from "../model/part-header.ts";
import type { Bundle } from "../wire/bundle.ts";
import { decodeCard } from "../wire/card-codec.ts";
import type { HaveRange, PeerFrame } from "../wire/peer-frame.ts";
import { CarriageSession } from "./carriage-session.ts";
import { answerTo, HeldParts } from "./held-parts.ts";
import { isWithin, PartSender, type SentPart } from "./part-sender.ts";
import type { CarriageTransport } from "./transport.ts";

/** Kept for who comes, or comes back. */
const MAX_KEPT_PARTS = 1_024;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
const MAX_INITS = 64;
const MAX_VIEWERS = 1_024;
/** Parts that came before the card that tells of them. */
const MAX_EARLY_PARTS = 32;
/** A player wants a segment or two to begin with. */
const BACK_SEGMENTS = 2;

interface Viewer {
  readonly session: CarriageSession;
  readonly sender: PartSender;
  /** By rendition: what it has said that it has. */
  readonly has: Map<number, readonly HaveRange[]>;
  mode: "silent" | "pushed" | "asks";
}

/** One stream at a server: who publishes it, what is kept of it, and who watches. Proves nothing; viewers do. */
export class CarriageRoom {
  readonly #clock: Clock;
  readonly #viewers = new Set<Viewer>();
  #publisher: CarriageSession | undefined;
  #card: { readonly bytes: Bytes; readonly card: StreamCard } | undefined;
  readonly #inits = new Map<string, Extract<Bundle, { kind: "init" }>>();
  /** In the order in which they came. */
  readonly #parts = new Map<string, SentPart>();
  #held = new HeldParts();
  #early: SentPart[] = [];
  #keptBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stats() {
    return {
      publishing: this.#publisher !== undefined,
      viewers: this.#viewers.size,
      keptParts: this.#parts.size,
      keptBytes: this.#keptBytes,
      lost: [...this.#viewers].reduce((sum, { sender }) => sum + sender.lost, 0),
    };
  }

  /** Serves one session; resolves when it is over, whatever it did. */
  async serve(transport: CarriageTransport): Promise<void> {
    let publishes = false;
    const session: CarriageSession = new CarriageSession({
      transport,
      opens: false,
      self: "server",
      source: false,
      clock: this.#clock,
      listener: {
        hello: ({ source }) => {
          publishes = source;
          if (source) this.#takePublisher(session);
          else this.#takeViewer(session, viewer);
        },
        frame: (frame) => {
          if (!publishes) this.#hearViewer(viewer, frame);
        },
        bundle: (bundle) => {
          // A publisher that another has taken the place of is on its way out.
          if (publishes && this.#publisher === session) this.#take(session, bundle);
        },
      },
    });
    const viewer: Viewer = { session, sender: new PartSender(this.#clock), has: new Map(), mode: "silent" };
    try {
      await session.run();
    } catch {
      // Why it ended is its own business.
    } finally {
      viewer.sender.detach();
      this.#viewers.delete(viewer);
      if (this.#publisher === session) this.#publisher = undefined;
    }
  }

  #takePublisher(session: CarriageSession): void {
    // The one before may be a connection that has not noticed that it is lost.
    this.#publisher?.close();
    this.#publisher = session;
    for (const frame of this.#held.frames()) session.say(frame);
  }

  #takeViewer(session: CarriageSession, viewer: Viewer): void {
    if (this.#viewers.size < MAX_VIEWERS) {
      this.#viewers.add(viewer);
      return;
    }
    session.say({ kind: "bye", reason: "full" });
    session.close();
  }

  #hearViewer(viewer: Viewer, frame: PeerFrame): void {
    switch (frame.kind) {
      case "have":
        if (viewer.mode === "silent") viewer.has.set(frame.rendition, frame.ranges);
        else viewer.sender.answered(frame.rendition, frame.ranges);
        return;
      case "refuse":
        viewer.sender.refused(frame.key);
        return;
      case "subscribe":
        this.#subscribe(viewer, frame.substreams !== 0);
        return;
      case "request":
        this.#answer(viewer, frame.key);
        return;
      default:
        throw new RelayError("malformed-frame", `expected have, refuse, subscribe or request, got ${frame.kind}`);
    }
  }

  #subscribe(viewer: Viewer, isPushed: boolean): void {
    if (viewer.mode !== "silent") return;
    viewer.mode = isPushed ? "pushed" : "asks";
    const { session, sender, has } = viewer;
    if (this.#card !== undefined) send(session, { kind: "card", bytes: this.#card.bytes });
    for (const init of this.#inits.values()) send(session, init);
    sender.attach(session);
    if (isPushed) for (const part of this.#wanted(has)) sender.push(part);
    else for (const frame of this.#held.frames()) session.say(frame);
  }

  /** What is kept and it has not, from where it was, or from the last segments on. */
  #wanted(has: Viewer["has"]): SentPart[] {
    const newest = new Map<number, number>();
    for (const { signed } of this.#parts.values()) {
      const { rendition, msn } = signed.header;
      newest.set(rendition, Math.max(newest.get(rendition) ?? 0, msn));
    }
    const parts = [...this.#parts.values()].filter(({ signed: { header } }) => {
      const [oldest] = has.get(header.rendition) ?? [];
      if (oldest === undefined) return header.msn > (newest.get(header.rendition) ?? 0) - BACK_SEGMENTS;
      return partNumber(header) > partNumber(oldest.first) && !isWithin(header, has.get(header.rendition) ?? []);
    });
    return parts.sort((left, right) => partNumber(left.signed.header) - partNumber(right.signed.header));
  }

  #answer({ session, sender, mode }: Viewer, key: PartKey): void {
    const part = this.#parts.get(idOf(key));
    if (part === undefined || mode === "silent") session.say({ kind: "refuse", key });
    else sender.push(part);
  }

  #take(session: CarriageSession, bundle: Bundle): void {
    switch (bundle.kind) {
      case "card":
        this.#takeCard(session, bundle.bytes);
        return;
      case "init":
        this.#inits.set(bundle.digest.join(), bundle);
        for (const oldest of [...this.#inits.keys()].slice(0, -MAX_INITS)) this.#inits.delete(oldest);
        this.#tell((viewer) => send(viewer.session, bundle));
        return;
      case "part":
        this.#takePart(session, bundle);
    }
  }

  #takeCard(session: CarriageSession, bytes: Bytes): void {
    let card: StreamCard;
    try {
      card = decodeCard(bytes).card;
    } catch {
      session.close();
      return;
    }
    if (this.#card !== undefined && this.#card.card.epoch !== card.epoch) {
      // Its numbers mean other parts.
      this.#parts.clear();
      this.#inits.clear();
      this.#held = new HeldParts();
      this.#keptBytes = 0;
    }
    this.#card = { bytes, card };
    this.#tell((viewer) => send(viewer.session, { kind: "card", bytes }));
    for (const part of this.#early.splice(0)) this.#takePart(session, part);
  }

  #takePart(session: CarriageSession, part: SentPart): void {
    const { header } = part.signed;
    const { rendition, msn, part: index } = header;
    const key = { rendition, msn, part: index };
    if (this.#card?.card.epoch !== header.epoch) {
      // Streams overtake each other: its card may be on its way.
      this.#early.push(part);
      for (const { signed } of this.#early.splice(0, this.#early.length - MAX_EARLY_PARTS)) {
        session.say({ kind: "refuse", key: signed.header });
      }
      return;
    }
    if (this.#card.card.options.renditions[rendition] === undefined) {
      session.say({ kind: "refuse", key });
      return;
    }
    session.say(answerTo(key));
    if (!this.#held.add(key)) return;
    this.#parts.set(idOf(key), part);
    this.#keptBytes += part.bytes.byteLength;
    for (const [id, { bytes }] of this.#parts) {
      if (this.#parts.size <= MAX_KEPT_PARTS && this.#keptBytes <= MAX_KEPT_BYTES) break;
      this.#parts.delete(id);
      this.#keptBytes -= bytes.byteLength;
    }
    this.#tell(({ session: to, sender, mode }) => {
      if (mode === "pushed") sender.push(part);
      else to.say(answerTo(key));
    });
  }

  #tell(action: (viewer: Viewer) => void): void {
    for (const viewer of this.#viewers) if (viewer.mode !== "silent") action(viewer);
  }
}

function send(session: CarriageSession, bundle: Bundle): void {
  // A session that ends before it is sent gets it from the next server.
  session.send(bundle).catch(() => undefined);
}

const idOf = (key: PartKey): string => `${key.rendition} ${partNumber(key)}`;
