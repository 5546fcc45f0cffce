import type { Bytes } from "../model/bytes.ts";
import type { PartKey, SignedHeader, StreamCard } from "../model/part-header.ts";
import { type ByeReason, PEER_VERSION, type PeerFrame } from "../wire/peer-frame.ts";
import { Answers } from "./answers.ts";
import { Audits } from "./audits.ts";
import { isStrong } from "./capacity.ts";
import { Cards } from "./cards.ts";
import { Children } from "./children.ts";
import { Committee } from "./committee.ts";
import { Exchange } from "./exchange.ts";
import { Fetching } from "./fetching.ts";
import { frameCost } from "./frame-cost.ts";
import { haveFrames } from "./have-frames.ts";
import { Inits } from "./inits.ts";
import { DEFAULT_KEEP_BYTES, DEFAULT_KEEP_MS, DEFAULT_NEIGHBOURS, partId, SUBSTREAMS, TICK_MS } from "./limits.ts";
import { type Neighbour, type NeighbourEvents, NeighbourPort } from "./neighbour.ts";
import { Neighbours } from "./neighbours.ts";
import { Parents } from "./parents.ts";
import type { PartAssembly } from "./part-assembly.ts";
import { PartWindow } from "./part-window.ts";
import { Places } from "./places.ts";
import { Playhead } from "./playhead.ts";
import { Pulls } from "./pulls.ts";
import { RoundTrips } from "./round-trips.ts";
import { StreamRate, type SwarmContext, SwarmCounters } from "./swarm-context.ts";
import type { PartSource, PeerLink, PeerPort, SwarmOptions, SwarmPeer, SwarmStats } from "./swarm-types.ts";
import { Bans, Distrust } from "./trust.ts";
import { Uplink } from "./uplink.ts";
import { UploadQueue } from "./upload-queue.ts";

/** A link over which no hello comes is nobody's. */
const HELLO_MS = 5000;
/** A neighbour that has said nothing for so long is gone. */
const SILENT_MS = 10_000;
const OFFER_MS = 300;
/** Frames that may overtake the hello on an unordered channel. */
const MAX_BEFORE_HELLO = 32;
/** Requests are refused for good while more than this waits, until it is less than that. */
const CHOKE_MS = 1200;
const UNCHOKE_MS = 300;
/** So that taking it back does not overtake it. */
const CHOKED_AT_LEAST_MS = 2000;

/** One viewer's, or the publisher's, side of a swarm. Everything it needs of the world is in its options. */
export class Swarm implements SwarmPeer {
  readonly #options: SwarmOptions;
  readonly #context: SwarmContext;
  readonly #neighbours: Neighbours;
  readonly #parts: PartWindow;
  readonly #counters = new SwarmCounters();
  readonly #bans = new Bans();
  readonly #distrust = new Distrust();
  readonly #uploads: UploadQueue;
  readonly #parents: Parents;
  readonly #children: Children;
  readonly #pulls: Pulls;
  readonly #committee: Committee;
  readonly #playhead: Playhead;
  readonly #fetching: Fetching;
  readonly #exchange: Exchange;
  readonly #inits: Inits;
  readonly #audits: Audits;
  readonly #answers: Answers;
  readonly #cards: Cards;
  readonly #places: Places;
  readonly #roundTrips: RoundTrips;
  readonly #events: NeighbourEvents = {
    received: (neighbour, frame) => this.#received(neighbour, frame),
    malformed: (neighbour) => this.#drop(neighbour, "bad-frame"),
    closed: (neighbour) => this.#left(neighbour),
  };
  readonly #beforeHello = new Map<Neighbour, PeerFrame[]>();
  #uploadsOn: boolean;
  #isStandby: boolean;
  #cancelTick: (() => void) | undefined;
  #offerMs = 0;
  /** That the parts here are of. */
  #epoch: string | undefined;
  #closed = false;

  constructor(options: SwarmOptions) {
    const { clock, maxNeighbours = DEFAULT_NEIGHBOURS, keepMs = DEFAULT_KEEP_MS } = options;
    this.#options = options;
    this.#neighbours = new Neighbours(maxNeighbours);
    this.#parts = new PartWindow({ keepMs, keepBytes: options.keepBytes ?? DEFAULT_KEEP_BYTES });
    this.#uploadsOn = options.uploads !== false;
    this.#isStandby = options.standby === true;
    this.#context = {
      options,
      clock,
      neighbours: this.#neighbours,
      parts: this.#parts,
      counters: this.#counters,
      rate: new StreamRate(),
      uplink: new Uplink(options.uplinkBps ?? 0, clock.now()),
      tell: (neighbour, frame) => this.#tell(neighbour, frame),
      ban: (neighbour, reason) => this.#ban(neighbour, reason),
    };
    const context = this.#context;
    this.#uploads = new UploadQueue(context);
    this.#parents = new Parents(context);
    this.#committee = new Committee(context);
    this.#children = new Children({
      context,
      uploads: this.#uploads,
      committee: this.#committee,
      parents: this.#parents,
    });
    this.#playhead = new Playhead(context);
    this.#pulls = new Pulls(context, this.#parents, this.#playhead);
    this.#rest();
    this.#fetching = new Fetching({
      context,
      committee: this.#committee,
      distrust: this.#distrust,
      playhead: this.#playhead,
      missed: (part) => this.#missed(part),
    });
    this.#inits = new Inits(context);
    this.#audits = new Audits(context, this.#children);
    this.#answers = new Answers({ context, children: this.#children, uploads: this.#uploads });
    this.#exchange = new Exchange({
      context,
      parents: this.#parents,
      children: this.#children,
      pulls: this.#pulls,
      audits: this.#audits,
      answers: this.#answers,
      uploads: this.#uploads,
      whole: (part) => this.#whole(part),
      unprovenOrigin: (part) => this.#fetching.failed(part),
      heard: (part) => this.#fetching.heard(part),
      init: (digest, from) => this.#inits.want(digest, from),
    });
    // Where a playlist tells what there is, or a relay, the page says when its numbers begin anew.
    this.#cards = new Cards(context, (epoch) => {
      if (options.fetches !== true) this.#enter(epoch);
    });
    this.#places = new Places(context, this.#committee);
    this.#roundTrips = new RoundTrips(context);
    this.#schedule(TICK_MS * options.random());
  }

  connect(link: PeerLink): PeerPort | undefined {
    if (this.#closed) return refuse(link, "leaving");
    if (this.#bans.has(link.peer)) return refuse(link, "banned");
    if (link.peer === this.#options.self || this.#neighbours.of(link.peer) !== undefined) return refuse(link, "policy");
    const useless = this.#neighbours.isFull ? this.#places.takeUseless(link.peer) : undefined;
    if (useless !== undefined) this.#drop(useless, "full");
    const neighbour = this.#neighbours.add(link, this.#context.clock.now());
    if (neighbour === undefined) return refuse(link, "full");
    const { self, stream, source = false, fetches = false } = this.#options;
    this.#tell(neighbour, {
      kind: "hello",
      version: PEER_VERSION,
      peer: self,
      stream,
      uploads: this.#uploadsOn,
      source,
      fetches,
    });
    return new NeighbourPort(neighbour, this.#events);
  }

  alone(): void {
    if (!this.#closed && !this.#isStandby) this.#fetching.alone();
  }

  setCard(bytes: Bytes, card: StreamCard): void {
    this.#enter(card.epoch);
    this.#cards.take(bytes, card, undefined);
  }

  provideInit(digest: Bytes, bytes: Bytes): void {
    this.#inits.provide(digest, bytes);
  }

  wantInit(digest: Bytes): void {
    this.#inits.want(digest);
  }

  announce(key: PartKey): void {
    if (this.#closed) return;
    const part = this.#exchange.announce(key);
    if (part === undefined || part.isWhole) return;
    this.#playhead.refresh();
    this.#fetching.part(part, this.#context.clock.now());
  }

  provide(signed: SignedHeader, bytes: Bytes, source: Exclude<PartSource, "peer">): void {
    if (!this.#closed) this.#exchange.provide(signed, bytes, source);
  }

  fetchFailed(key: PartKey): void {
    const part = this.#parts.get(partId(key));
    if (part !== undefined) this.#fetching.failed(part);
  }

  activate(after: readonly PartKey[]): void {
    if (!this.#isStandby || this.#closed) return;
    this.#isStandby = false;
    this.#rest();
    if (after.length > 0) this.#parts.raiseFloor(Math.min(...after.map(partId)) + 1);
    this.#parts.trim(this.#context.clock.now());
    this.#children.setUploads(this.#uploadsOn);
    this.#tick();
  }

  setBuffer(aheadMs: number): void {
    this.#playhead.setBuffer(aheadMs);
  }

  setUploads(on: boolean): void {
    if (on === this.#uploadsOn || this.#closed) return;
    this.#uploadsOn = on;
    if (this.#isStandby) return;
    this.#children.setUploads(on);
    if (!on) this.#uploads.clear();
    for (const neighbour of this.#neighbours.list) this.#choke(neighbour, !on);
  }

  get maxNeighbours(): number {
    return this.#neighbours.max;
  }

  get idleNeighbours(): number {
    // Who is given nothing because it needs nothing is not short of anything.
    if (this.#options.source === true || this.#committee.acts) return 0;
    return this.#neighbours.idle;
  }

  get stats(): SwarmStats {
    const counters = this.#counters;
    return {
      neighbours: this.#neighbours.list.map(({ stats }) => stats),
      parts: {
        peer: counters.peerParts,
        origin: counters.originParts,
        own: counters.ownParts,
        missed: counters.missedParts,
      },
      bytes: { peer: counters.peerBytes, origin: counters.originBytes, uploaded: counters.uploadedBytes },
      wastedBytes: counters.wastedBytes,
      controlBytes: counters.controlBytes,
      bans: this.#bans.all,
      distrustedUntilMs: this.#distrust.untilMs(this.#context.clock.now()),
    };
  }

  close(): void {
    if (this.#closed) return;
    for (const neighbour of [...this.#neighbours.list]) this.#drop(neighbour, "leaving");
    this.#closed = true;
    this.#cards.close();
    this.#cancelTick?.();
    this.#uploads.clear();
    for (const part of this.#parts.open) part.fetching?.abort();
  }

  #received(neighbour: Neighbour, frame: PeerFrame): void {
    if (neighbour.isGone) return;
    const nowMs = this.#context.clock.now();
    neighbour.heardMs = nowMs;
    if (frame.kind !== "piece" && !neighbour.control.take(1, nowMs)) {
      this.#ban(neighbour, "sent more frames than anybody needs");
      return;
    }
    if (!neighbour.isReady && frame.kind !== "hello" && frame.kind !== "bye") {
      const early = this.#beforeHello.get(neighbour) ?? [];
      this.#beforeHello.set(neighbour, early);
      if (early.push(frame) > MAX_BEFORE_HELLO) this.#ban(neighbour, "sent frames without saying hello");
      return;
    }
    this.#take(neighbour, frame, nowMs);
  }

  #take(neighbour: Neighbour, frame: PeerFrame, nowMs: number): void {
    switch (frame.kind) {
      case "piece":
        this.#exchange.piece(neighbour, frame);
        break;
      case "header":
        this.#exchange.header(neighbour, frame);
        break;
      case "have":
        this.#exchange.have(neighbour, frame);
        break;
      case "request":
        this.#answers.request(neighbour, frame, this.#mayServe(neighbour));
        break;
      case "refuse":
        this.#exchange.refuse(neighbour, frame.key);
        break;
      case "cancel":
        this.#answers.cancel(neighbour, frame.key);
        break;
      case "subscribe":
        if (frame.of === SUBSTREAMS) this.#children.subscribed(neighbour, frame.substreams);
        break;
      case "offer":
        if (frame.delaysMs.length === SUBSTREAMS) this.#parents.offered(neighbour, frame);
        break;
      case "choke":
        this.#choked(neighbour, frame.on);
        break;
      case "roots":
        this.#committee.heard(neighbour, frame.entries);
        break;
      case "ping":
        this.#tell(neighbour, { kind: "pong", token: frame.token });
        break;
      case "pong":
        this.#roundTrips.answered(neighbour, frame.token, nowMs);
        break;
      case "card":
        this.#cards.received(neighbour, frame.bytes);
        break;
      case "init-request":
        if (this.#uploadsOn) this.#inits.requested(neighbour, frame.digest);
        break;
      case "init":
        this.#inits.received(neighbour, frame);
        break;
      case "hello":
        this.#hello(neighbour, frame);
        break;
      case "bye":
        if (frame.reason === "leaving") this.#committee.bye(neighbour);
        this.#left(neighbour);
        this.#lookForRoot();
        neighbour.link.close();
        break;
    }
  }

  #hello(neighbour: Neighbour, hello: Extract<PeerFrame, { readonly kind: "hello" }>): void {
    if (neighbour.isReady) {
      this.#ban(neighbour, "said hello twice");
      return;
    }
    const objection = this.#places.objection(neighbour, hello);
    if (objection !== undefined) {
      this.#drop(neighbour, objection);
      return;
    }
    neighbour.takeHello(hello);
    this.#roundTrips.ping(neighbour, this.#context.clock.now());
    this.#cards.tell(neighbour);
    for (const frame of haveFrames(this.#parts.kept)) this.#tell(neighbour, frame);
    this.#committee.tell(neighbour);
    this.#children.offer(neighbour, true);
    if (!this.#uploadsOn || this.#isStandby) this.#choke(neighbour, true);
    const early = this.#beforeHello.get(neighbour) ?? [];
    this.#beforeHello.delete(neighbour);
    for (const frame of early) {
      if (!neighbour.isGone) this.#take(neighbour, frame, this.#context.clock.now());
    }
  }

  #whole(part: PartAssembly): void {
    const { signed, bytes, source } = part;
    if (signed === undefined || bytes === undefined || source === undefined) return;
    const nowMs = this.#context.clock.now();
    if (source === "peer") this.#counters.peerParts += 1;
    else if (source === "origin") {
      this.#counters.originParts += 1;
      this.#counters.originBytes += bytes.byteLength;
    } else this.#counters.ownParts += 1;
    this.#fetching.settled(part, nowMs);
    this.#playhead.settled(part);
    this.#options.listener.part({ key: part.key, signed, bytes, source, delayMs: nowMs - part.knownMs });
  }

  /** A publisher that starts anew may begin with numbers that were used: they mean other parts then. */
  #enter(epoch: string): void {
    const before = this.#epoch;
    this.#epoch = epoch;
    if (before === undefined || before === epoch) return;
    for (const part of this.#parts.open) {
      const { fetching } = part;
      this.#pulls.release(part);
      this.#fetching.failed(part);
      fetching?.abort();
    }
    for (const neighbour of this.#neighbours.list) neighbour.audit = undefined;
    this.#uploads.clear();
    this.#parts.clear();
    this.#exchange.restart();
    this.#playhead.restart();
  }

  #missed(part: PartAssembly): void {
    this.#counters.missedParts += 1;
    this.#distrust.late(this.#context.clock.now());
    this.#pulls.release(part);
    this.#parts.drop(part);
    this.#playhead.settled(part);
    // Of what nobody proved to be there, what comes before it may yet come.
    if (part.id <= this.#parts.newest) this.#parts.raiseFloor(part.id + 1);
    this.#options.listener.missed(part.key);
  }

  #mayServe(neighbour: Neighbour): boolean {
    if (!this.#uploadsOn || this.#isStandby || neighbour.isChoked) return false;
    if (this.#uploads.backlogMs < CHOKE_MS) return true;
    this.#choke(neighbour, true);
    return false;
  }

  #choked(neighbour: Neighbour, on: boolean): void {
    neighbour.hasChokedUs = on;
    if (!on) return;
    // What was asked of it will not come, which is no broken word.
    for (const part of this.#parts.open) part.unask(neighbour.slot);
    neighbour.outstanding = 0;
    this.#parents.left(neighbour);
  }

  #choke(neighbour: Neighbour, on: boolean): void {
    if (neighbour.isChoked === on || !neighbour.isReady) return;
    neighbour.isChoked = on;
    neighbour.chokedMs = this.#context.clock.now();
    if (on) this.#children.left(neighbour);
    this.#tell(neighbour, { kind: "choke", on });
  }

  #schedule(delayMs: number): void {
    this.#cancelTick = this.#context.clock.after(delayMs, () => {
      this.#schedule(TICK_MS);
      this.#tick();
    });
  }

  #tick(): void {
    const nowMs = this.#context.clock.now();
    for (const neighbour of [...this.#neighbours.list]) {
      if (!neighbour.isReady && nowMs - neighbour.sinceMs > HELLO_MS) this.#drop(neighbour, "idle");
      else if (nowMs - neighbour.heardMs > SILENT_MS) this.#drop(neighbour, "idle");
    }
    this.#roundTrips.tick(nowMs);
    this.#committee.tick(nowMs, this.#uploads.servedMs);
    if (this.#parents.beats.takeContested()) this.#committee.contested(nowMs, this.#parents.beats.isHeeded);
    this.#lookForRoot();
    this.#rest();
    this.#parents.tick();
    this.#playhead.refresh();
    if (!this.#isStandby) {
      this.#fetching.tick();
      this.#pulls.tick();
    }
    this.#inits.tick(nowMs);
    this.#audits.tick(nowMs);
    this.#children.shrink();
    this.#context.uplink.measure(nowMs, this.#neighbours.list);
    if (isStrong(this.#context.uplink.bps, this.#context.rate.bps)) this.#neighbours.widen();
    if (this.#uploadsOn && !this.#isStandby && this.#uploads.backlogMs < UNCHOKE_MS) {
      for (const neighbour of this.#neighbours.list) {
        if (nowMs - neighbour.chokedMs > CHOKED_AT_LEAST_MS) this.#choke(neighbour, false);
      }
    }
    if (nowMs < this.#offerMs) return;
    this.#offerMs = nowMs + OFFER_MS;
    this.#parts.trim(nowMs);
    this.#children.offers();
  }

  /** Peers that are not waited for are to send nothing either: on a narrow line, that would hold up what the origin sends. */
  #rest(): void {
    const isDistrusting = this.#options.fetches === true && this.#distrust.isOn(this.#context.clock.now());
    this.#parents.rest(this.#isStandby || isDistrusting);
    this.#pulls.rest(this.#isStandby || isDistrusting);
  }

  /** A new root is told of at once: those that the former one fed wait for it. */
  #lookForRoot(): void {
    const isRoot = this.#committee.acts;
    if (this.#options.source === true || isRoot === this.#parents.isRoot) return;
    this.#parents.setRoot(isRoot);
    this.#fetching.tick();
    this.#children.offers();
  }

  #tell(neighbour: Neighbour, frame: PeerFrame): void {
    this.#counters.controlBytes += frameCost(frame);
    neighbour.link.send(frame);
  }

  #ban(neighbour: Neighbour, reason: string): void {
    if (neighbour.isGone) return;
    this.#bans.add(neighbour.peer, reason);
    this.#drop(neighbour, "banned");
    this.#options.listener.banned(neighbour.peer, reason);
  }

  #drop(neighbour: Neighbour, reason: ByeReason): void {
    if (neighbour.isGone) return;
    this.#tell(neighbour, { kind: "bye", reason });
    this.#left(neighbour);
    neighbour.link.close();
  }

  #left(neighbour: Neighbour): void {
    if (!this.#neighbours.remove(neighbour)) return;
    this.#beforeHello.delete(neighbour);
    for (const part of this.#parts.all()) part.forget(neighbour.slot);
    this.#uploads.drop(neighbour);
    this.#children.left(neighbour);
    this.#committee.left(neighbour);
    this.#inits.left(neighbour);
    this.#parents.left(neighbour);
  }
}

function refuse(link: PeerLink, reason: ByeReason): undefined {
  link.send({ kind: "bye", reason });
  link.close();
  return undefined;
}
