import type { Follower, FollowOptions } from "../../follow/follow-origin.ts";
import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import { hasSamePlaylists, resolveStreamOptions, type StreamOptions } from "../../model/options.ts";
import type { PartKey, StreamCard } from "../../model/part-header.ts";
import { UNSIGNED_EPOCH } from "../../swarm/proof/header-signer.ts";
import { signCard } from "../../swarm/proof/sign-card.ts";
import { StreamProof, type Trust } from "../../swarm/proof/stream-proof.ts";
import type { SharedPart, SwarmListener, SwarmOptions, SwarmPeer } from "../../swarm/swarm-types.ts";
import type { PeerFailure } from "../peers/peer-failures.ts";
import type { PeerTransport } from "../peers/peer-transport.ts";
import type { Peers } from "../peers/peers.ts";
import { Publisher } from "../publisher.ts";
import type { OriginSource } from "../sources.ts";
import type { WorkerLink } from "../worker-link.ts";
import { type FeedPosition, readMark } from "./feed-position.ts";
import { toHex } from "./hex.ts";
import { OriginFeed } from "./origin-feed.ts";
import { PartFeeder } from "./part-feeder.ts";
import type { SessionFailure } from "./session-stats.ts";
import { SignedHeaders } from "./signed-headers.ts";
import { StatsKeeper } from "./stats-keeper.ts";

/** Parts that may come before the worker has opened the stream. */
const MAX_EARLY_PARTS = 256;
/** How long a leader that goes waits for the worker to answer its last steps. */
const LAST_STEPS_MS = 1_000;
/** How long an origin may take to answer for the first time. */
const ORIGIN_OPEN_MS = 8_000;
/** How often a stream that a page of this browser publishes itself is looked at. */
const LOCAL_LOOK_MS = 2_000;
/** A viewer that has no peers, or is not to wait for any, asks the origin at once. */
const DEFAULT_SHARE = true;

/** What one stream is joined by. */
export interface JoinPlan {
  readonly name: string;
  readonly peers?: Peers;
  readonly origin?: OriginSource;
  readonly trust: Trust;
  /** First 16 bytes of SHA-256 over the stream's identity. */
  readonly streamId: Bytes;
}

/** What the leader tells its session. */
export interface LeaderListener {
  role(role: "leader" | "local"): void;
  failure(failure: SessionFailure): void;
  banned(peer: string, reason: string): void;
  ended(): void;
  /** Why nothing comes; undefined when it does again. */
  problem(error: RelayError | undefined): void;
}

export interface LeaderContext {
  readonly link: WorkerLink;
  readonly clock: Clock;
  readonly newEpoch: () => string;
  readonly makeSwarm: (options: SwarmOptions) => SwarmPeer;
  readonly followOrigin: (options: FollowOptions) => Promise<Follower>;
  readonly random: () => number;
  readonly bufferAheadMs: () => number | undefined;
  /** Another tab led before: players are in the middle of it, and peers are not waited for. */
  readonly isSuccessor: () => boolean;
  readonly listener: LeaderListener;
}

/** Runs the transports of one stream for all tabs of the browser, as long as this tab leads. */
export class Leader {
  readonly #plan: JoinPlan;
  readonly #context: LeaderContext;
  readonly #key: string;
  readonly stats: StatsKeeper;
  #publisher: Publisher | undefined;
  #feeder: PartFeeder | undefined;
  #transport: PeerTransport | undefined;
  #swarm: SwarmPeer | undefined;
  #originFeed: OriginFeed | undefined;
  #opening: Promise<void> | undefined;
  #card: StreamCard | undefined;
  #consent: boolean | undefined;
  /** Another tab leads: what is heard of the swarm is kept for when this one does. */
  #isStandby = false;
  #isPrepared = false;
  #preparing: Promise<void> | undefined;
  #early: SharedPart[] = [];
  #earlyInits: { readonly digest: Bytes; readonly bytes: Bytes }[] = [];
  #fail: (error: RelayError) => void = () => undefined;

  constructor(plan: JoinPlan, context: LeaderContext) {
    this.#plan = plan;
    this.#context = context;
    this.#key = toHex(plan.streamId);
    this.stats = new StatsKeeper(context.clock);
  }

  /** The person's answer to whether this viewer may send to others. */
  setConsent(given: boolean): void {
    this.#consent = given;
    this.#transport?.uploads.setConsent(given);
  }

  /**
   * Gets to know the swarm while another tab leads, so that this one can go on at once. Nothing is taken yet. Of a stream that an origin
   * has as well, nothing needs to be known: it answers at once.
   * @throws RelayError `peers-unavailable`
   */
  async prepare(): Promise<void> {
    const { peers, origin, trust } = this.#plan;
    if (peers === undefined || origin !== undefined) return;
    this.#isStandby = true;
    this.#preparing = this.#openSwarm(peers, new StreamProof(trust), false);
    await this.#preparing;
    this.#isPrepared = true;
  }

  /** Lets go of what was prepared, where it has never led. */
  async discard(): Promise<void> {
    await this.#stop(new AbortController());
  }

  /** Leads until `signal` aborts. @throws RelayError when it cannot go on; to be tried again after a while */
  async run(signal: AbortSignal): Promise<void> {
    const { listener } = this.#context;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => undefined);
    listener.role("leader");
    try {
      await Promise.race([this.#lead(either), failed]);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = RelayError.from(thrown);
      listener.problem(error);
      await this.#stop(over);
      if (error.code !== "stream-exists") throw error;
      await this.#whileLocal(signal);
    } finally {
      await this.#stop(over);
    }
  }

  /** What the players have left has changed. */
  bufferChanged(): void {
    const aheadMs = this.#context.bufferAheadMs();
    if (aheadMs !== undefined) this.#swarm?.setBuffer(aheadMs);
  }

  /** Figures of now. */
  look(): void {
    this.stats.look({
      swarm: this.#swarm?.stats,
      transport: this.#transport?.stats,
      origin: this.#originFeed?.stats,
      feed: this.#feeder?.stats,
    });
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { origin, peers, trust } = this.#plan;
    // Its turn may come while it still gets ready.
    await this.#preparing?.catch(() => undefined);
    if (this.#isPrepared) {
      await this.#takeUp();
      return aborted(signal);
    }
    this.#isStandby = false;
    const follower = origin === undefined ? undefined : await this.#follow(origin, signal);
    const isShared = peers !== undefined && (origin === undefined || shares(origin));
    const proof = new StreamProof(trust);
    if (isShared) await this.#openSwarm(peers, proof, follower !== undefined);
    signal.throwIfAborted();
    if (origin === undefined || follower === undefined) return aborted(signal);
    const headers = isShared ? signedHeaders(origin, follower, this.#context.clock) : undefined;
    const card = await this.#originCard(follower, { proof, headers, signal });
    await this.#cardCame(card);
    if (this.#feeder === undefined) throw new RelayError("internal", "expected a feeder once the stream is open");
    const feed = new OriginFeed({
      follower,
      clock: this.#context.clock,
      card,
      feeder: this.#feeder,
      ...(this.#swarm === undefined ? {} : { shared: { swarm: this.#swarm, proof, headers } }),
      dateRange: (range) => this.#publisher?.dateRange(range).catch(() => undefined),
      trouble: (error) => this.#context.listener.problem(error),
    });
    this.#originFeed = feed;
    if (this.#transport !== undefined && this.#swarm !== undefined) this.#transport.start(this.#swarm);
    await feed.run(signal);
    // An ended stream stays with whoever wants it from us.
    return aborted(signal);
  }

  /** Goes on with what `prepare()` got to know. */
  async #takeUp(): Promise<void> {
    this.#isStandby = false;
    const card = this.#card;
    this.#card = undefined;
    if (card !== undefined) await this.#cardCame(card);
    const renditions = card?.options.renditions ?? [];
    const after = renditions.flatMap((_, rendition) => {
      const last = this.#feeder?.last(rendition);
      return last === undefined || last.epoch !== card?.epoch ? [] : [{ rendition, msn: last.msn, part: last.part }];
    });
    this.bufferChanged();
    this.#swarm?.activate(after);
  }

  async #follow(origin: OriginSource, signal: AbortSignal): Promise<Follower> {
    const { url, credentials = "omit", requestHeaders, renditions } = origin;
    const { clock, followOrigin } = this.#context;
    return followOrigin({
      url,
      clock,
      signal,
      credentials,
      start: "window",
      // Who watches is told soon why nothing comes; it is tried again all the same.
      openDeadlineMs: ORIGIN_OPEN_MS,
      // A viewer watches one variant, and a worker has room for a few.
      renditions: renditions ?? firstVariant,
      ...(requestHeaders === undefined ? {} : { headers: requestHeaders }),
    });
  }

  /** The signer's, or one of our own making: of the same origin all viewers make the same. */
  async #originCard(
    follower: Follower,
    { proof, headers, signal }: { proof: StreamProof; headers: SignedHeaders | undefined; signal: AbortSignal },
  ): Promise<StreamCard> {
    const { renditions, stream } = follower.presentation;
    const options: StreamOptions = { ...stream, renditions: renditions.map((one) => one.options) };
    const own = { name: this.#plan.name, epoch: UNSIGNED_EPOCH, revision: 1, options };
    if (this.#swarm === undefined) return { ...own, publicKey: new Uint8Array(0) };
    const bytes = headers === undefined ? await signCard(own) : await headers.card(signal);
    const card = await proof.card(bytes);
    this.#swarm.setCard(bytes, card);
    // How it is cut and listed here, this viewer has seen for itself.
    return { ...card, options };
  }

  async #openSwarm(peers: Peers, proof: StreamProof, fetches: boolean): Promise<void> {
    const { clock, random, makeSwarm, listener } = this.#context;
    const transport = await peers.open(this.#key, (failure) => listener.failure(failureOf(failure, clock)));
    this.#transport = transport;
    const { uploads, config, self } = transport;
    if (this.#consent !== undefined) uploads.setConsent(this.#consent);
    const swarm = makeSwarm({
      self,
      stream: this.#plan.streamId,
      clock,
      random,
      proof,
      listener: this.#swarmListener(),
      fetches,
      standby: this.#isStandby,
      ...(this.#context.isSuccessor() ? { joinGraceMs: 0 } : {}),
      uploads: uploads.state.on,
      uplinkBps: Number.isFinite(config.upload.maxBps) ? config.upload.maxBps : 0,
      maxNeighbours: config.maxNeighbours,
    });
    this.#swarm = swarm;
    uploads.onChange(({ on }) => swarm.setUploads(on));
    // Where there is an origin, its card comes first.
    if (!fetches) transport.start(swarm);
  }

  #swarmListener(): SwarmListener {
    return {
      part: (part) => this.#partCame(part),
      card: (card) => {
        if (this.#isStandby) {
          this.#card = card;
          return;
        }
        // The origin tells a viewer that follows it.
        if (this.#plan.origin === undefined)
          this.#cardCame(card).catch((thrown) => this.#fail(RelayError.from(thrown)));
      },
      init: (digest, bytes) => {
        if (this.#feeder === undefined) this.#earlyInits = [...this.#earlyInits, { digest, bytes }].slice(-16);
        else this.#feeder.init(digest, bytes);
      },
      fetch: (key, _reason, signal) => this.#fetch(key, signal),
      missed: (key) => this.#feeder?.miss(key),
      banned: (peer, reason) => this.#context.listener.banned(peer, reason),
      wanted: (peers) => this.#transport?.want(peers),
    };
  }

  #fetch(key: PartKey, signal: AbortSignal): void {
    if (this.#originFeed === undefined) this.#swarm?.fetchFailed(key);
    else this.#originFeed.fetch(key, signal);
  }

  #partCame(part: SharedPart): void {
    this.stats.part(part);
    if (this.#feeder !== undefined) this.#feeder.part(part);
    else this.#early = [...this.#early, part].slice(-MAX_EARLY_PARTS);
  }

  /** One at a time: a card that changes while the stream is opened comes after that. */
  #cardCame(card: StreamCard): Promise<void> {
    const before = this.#opening ?? Promise.resolve();
    this.#opening = before.then(() => this.#takeCard(card));
    return this.#opening;
  }

  async #takeCard(card: StreamCard): Promise<void> {
    const before = this.#card;
    this.#card = card;
    const isSame =
      before !== undefined &&
      hasSamePlaylists(resolveStreamOptions(before.options), resolveStreamOptions(card.options));
    if (this.#feeder !== undefined && isSame) {
      this.#feeder.card(card);
      return;
    }
    if (before !== undefined) {
      this.#feeder?.close();
      // What playlists fix has changed: they end, and others go on after their numbers.
      await this.#publisher?.end().catch(() => undefined);
    }
    await this.#open(card);
  }

  async #open(card: StreamCard): Promise<void> {
    const { link, clock, newEpoch, listener } = this.#context;
    const { name } = this.#plan;
    const options = this.#localOptions(card);
    const { session } = await link.ask({ type: "takeOver", stream: name, key: this.#key, options });
    const publisher = new Publisher(name, session?.options ?? options, {
      link,
      clock,
      epoch: session?.epoch ?? newEpoch(),
      key: this.#key,
      ...(session === undefined ? {} : { session }),
    });
    try {
      await publisher.open();
    } catch (thrown) {
      publisher.close();
      throw thrown;
    }
    this.#publisher = publisher;
    const feeder = new PartFeeder({
      clock,
      card,
      target: publisher,
      positions: positionsOf(session?.marks ?? []),
      bufferAheadMs: this.#context.bufferAheadMs,
      wantInit: (digest) => this.#swarm?.wantInit(digest),
      failed: (error) => this.#fail(error),
      ended: () => listener.ended(),
    });
    this.#feeder = feeder;
    listener.problem(undefined);
    for (const { digest, bytes } of this.#earlyInits.splice(0)) feeder.init(digest, bytes);
    for (const part of this.#early.splice(0)) feeder.part(part);
  }

  /** Renditions that this viewer does not follow are not there. */
  #localOptions({ options }: StreamCard): StreamOptions {
    const followed = this.#plan.origin?.renditions;
    if (followed === undefined && this.#plan.origin === undefined) return options;
    const ids = new Set(followed ?? firstVariant(options.renditions));
    return { ...options, renditions: options.renditions.filter(({ id }) => ids.has(id)) };
  }

  /** Until the page of this browser that publishes the stream itself has stopped. */
  async #whileLocal(signal: AbortSignal): Promise<void> {
    const { clock, link, listener } = this.#context;
    listener.role("local");
    listener.problem(undefined);
    while (!signal.aborted) {
      await delayed(clock, LOCAL_LOOK_MS, signal);
      const streams = await link.ask({ type: "streams" }).catch(() => []);
      const found = streams.find(({ name }) => name === this.#plan.name);
      if (found?.state !== "live") return;
    }
  }

  async #stop(over: AbortController): Promise<void> {
    if (over.signal.aborted) return;
    const { clock } = this.#context;
    this.#feeder?.close();
    // Before the transport goes: it says goodbye over it.
    this.#swarm?.close();
    const publisher = this.#publisher;
    const untilMs = clock.now() + LAST_STEPS_MS;
    while (
      publisher !== undefined &&
      publisher.pending > 0 &&
      publisher.closed === undefined &&
      clock.now() < untilMs
    ) {
      await delayed(clock, 20);
    }
    publisher?.close();
    over.abort(new RelayError("closed", "this tab leads no more"));
    await this.#transport?.close().catch(() => undefined);
  }
}

/** The first is what its author wants a player to start with; what is beside it plays with it. */
function firstVariant(renditions: StreamOptions["renditions"]): readonly string[] {
  const isVariant = ({ kind = "variant" }: StreamOptions["renditions"][number]): boolean => kind === "variant";
  const first = renditions.find(isVariant);
  return renditions.filter((one) => one === first || !isVariant(one)).map(({ id }) => id);
}

/** Requests that carry credentials open what is not for everybody. */
export function shares({ share, credentials = "omit", requestHeaders }: OriginSource): boolean {
  return share ?? (credentials === "omit" && requestHeaders === undefined ? DEFAULT_SHARE : false);
}

function signedHeaders(
  { signedHeaders: url }: OriginSource,
  follower: Follower,
  clock: Clock,
): SignedHeaders | undefined {
  if (url === undefined) return undefined;
  const { targetDurationMs = 6_000 } = follower.presentation.stream;
  return new SignedHeaders({ url: String(url), clock, targetDurationMs });
}

function positionsOf(
  marks: readonly { readonly rendition: string; readonly mark: string }[],
): ReadonlyMap<string, FeedPosition> {
  const positions = new Map<string, FeedPosition>();
  for (const { rendition, mark } of marks) {
    const position = readMark(mark);
    if (position !== undefined) positions.set(rendition, position);
  }
  return positions;
}

function failureOf({ reason, message, peer }: PeerFailure, clock: Clock): SessionFailure {
  return { reason, message, atMs: clock.wallMs(), ...(peer === undefined ? {} : { peer }) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function delayed(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal?.addEventListener("abort", done);
    if (signal?.aborted === true) done();
  });
}
