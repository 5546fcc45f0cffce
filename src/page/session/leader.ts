import type { Follower } from "../../follow/follow-origin.ts";
import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import type { StreamOptions } from "../../model/options.ts";
import { MAX_SHARED_MSN, type PartKey, type StreamCard } from "../../model/part-header.ts";
import { UNSIGNED_EPOCH } from "../../swarm/proof/header-signer.ts";
import { signCard } from "../../swarm/proof/sign-card.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { SharedPart, SwarmListener, SwarmPeer } from "../../swarm/swarm-types.ts";
import type { PeerFailure } from "../peers/peer-failures.ts";
import type { PeerTransport } from "../peers/peer-transport.ts";
import type { Peers } from "../peers/peers.ts";
import type { OriginSource } from "../sources.ts";
import { firstVariant } from "./followed-renditions.ts";
import { toHex } from "./hex.ts";
import type { JoinPlan, LeaderContext } from "./leader-context.ts";
import { LocalStream } from "./local-stream.ts";
import type { OriginFeed } from "./origin-feed.ts";
import type { RelayFeed, RelaySource } from "./relay-feed.ts";
import type { SessionFailure } from "./session-stats.ts";
import type { SignedHeaders } from "./signed-headers.ts";
import { StatsKeeper } from "./stats-keeper.ts";
import { aborted, delayed } from "./waits.ts";

type OriginCode = NonNullable<LeaderContext["originCode"]>;

/** How long an origin may take to answer for the first time. */
const ORIGIN_OPEN_MS = 8_000;
/** How often a stream that a page of this browser publishes itself is looked at. */
const LOCAL_LOOK_MS = 2_000;
/** A viewer that has no peers, or is not to wait for any, asks the origin at once. */
const DEFAULT_SHARE = true;

/** Runs the transports of one stream for all tabs of the browser, as long as this tab leads. */
export class Leader {
  readonly #plan: JoinPlan;
  readonly #context: LeaderContext;
  readonly #key: string;
  readonly stats: StatsKeeper;
  readonly #local: LocalStream;
  #transport: PeerTransport | undefined;
  #swarm: SwarmPeer | undefined;
  #feed: OriginFeed | RelayFeed | undefined;
  /** That came while another tab leads. */
  #card: StreamCard | undefined;
  #consent: boolean | undefined;
  /** Another tab leads: what is heard of the swarm is kept for when this one does. */
  #isStandby = false;
  #isPrepared = false;
  #preparing: Promise<void> | undefined;
  #fail: (error: RelayError) => void = () => undefined;

  constructor(plan: JoinPlan, context: LeaderContext) {
    this.#plan = plan;
    this.#context = context;
    this.#key = toHex(plan.streamId);
    this.stats = new StatsKeeper(context.clock);
    this.#local = new LocalStream({
      name: plan.name,
      key: this.#key,
      context,
      localOptions: (card) => this.#localOptions(card),
      wantInit: (digest) => this.#swarm?.wantInit(digest),
      failed: (error) => this.#fail(error),
      opened: () => context.listener.problem(undefined),
      ended: () => context.listener.ended(),
    });
  }

  /** The person's answer to whether this viewer may send to others. */
  setConsent(given: boolean): void {
    this.#consent = given;
    this.#transport?.uploads.setConsent(given);
  }

  /**
   * Gets to know the swarm while another tab leads, so that this one can go on at once. Nothing is taken yet. Of a stream that an origin
   * or a relay has as well, nothing needs to be known: they answer at once.
   * @throws RelayError `peers-unavailable`
   */
  async prepare(): Promise<void> {
    const { peers, origin, relay, trust } = this.#plan;
    if (peers === undefined || origin !== undefined || relay !== undefined) return;
    this.#isStandby = true;
    this.#preparing = this.#openSwarm(peers, new StreamProof(trust), false);
    await this.#preparing;
    this.#isPrepared = true;
  }

  /** Lets go of what was prepared, where it has never led. */
  async discard(): Promise<void> {
    // What is still being opened has to be let go of, too.
    await this.#preparing?.catch(() => undefined);
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
      origin: this.#feed?.stats,
      feed: this.#local.stats,
      relay: this.#feed !== undefined && "relay" in this.#feed.stats ? this.#feed.stats.relay : undefined,
    });
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { origin, relay, peers, trust } = this.#plan;
    // Its turn may come while it still gets ready.
    await this.#preparing?.catch(() => undefined);
    if (this.#isPrepared) {
      await this.#takeUp();
      return aborted(signal);
    }
    this.#isStandby = false;
    if (relay !== undefined) await this.#watchRelay(relay, signal);
    else if (origin !== undefined) await this.#followOrigin(origin, signal);
    else if (peers !== undefined) await this.#openSwarm(peers, new StreamProof(trust), false);
    // An ended stream stays with whoever wants it from us.
    return aborted(signal);
  }

  async #followOrigin(origin: OriginSource, signal: AbortSignal): Promise<void> {
    const { peers, trust } = this.#plan;
    const { originCode } = this.#context;
    if (originCode === undefined) throw new RelayError("internal", "expected the code that follows an origin");
    const follower = await this.#follow(origin, originCode, signal);
    const isShareable = follower.presentation.renditions.some(({ shareable }) => shareable);
    const isShared = peers !== undefined && shares(origin) && isShareable;
    if (peers !== undefined && shares(origin) && !isShareable) this.#tellNumbers();
    const proof = new StreamProof(trust);
    if (isShared) await this.#openSwarm(peers, proof, true);
    signal.throwIfAborted();
    const headers = isShared ? originCode.signedHeaders(origin, follower, this.#context.clock) : undefined;
    const card = await this.#originCard(follower, { proof, headers, signal });
    await this.#local.card(card);
    const { feeder } = this.#local;
    if (feeder === undefined) throw new RelayError("internal", "expected a feeder once the stream is open");
    const feed = new originCode.OriginFeed({
      follower,
      clock: this.#context.clock,
      card,
      feeder,
      ...(this.#swarm === undefined ? {} : { shared: { swarm: this.#swarm, proof, headers } }),
      dateRange: (range) => this.#local.dateRange(range),
      trouble: (error) => this.#context.listener.problem(error),
    });
    this.#feed = feed;
    if (this.#transport !== undefined && this.#swarm !== undefined) this.#transport.start(this.#swarm);
    await feed.run(signal);
  }

  /** It plays without peers. */
  #tellNumbers(): void {
    const { listener, clock } = this.#context;
    const message = `expected segments numbered up to ${MAX_SHARED_MSN}, beyond which peers cannot tell parts apart`;
    listener.failure({ reason: "origin-numbers", message, atMs: clock.wallMs() });
  }

  async #watchRelay(relay: RelaySource, signal: AbortSignal): Promise<void> {
    const { peers, trust, name } = this.#plan;
    const { clock, random, openRelayFeed, listener } = this.#context;
    const proof = new StreamProof(trust);
    if (peers !== undefined) await this.#openSwarm(peers, proof, true);
    signal.throwIfAborted();
    const feed = await openRelayFeed(relay, {
      name,
      clock,
      random,
      proof: "fingerprint" in trust || peers !== undefined ? proof : undefined,
      swarm: this.#swarm,
      last: (rendition) => this.#local.feeder?.last(rendition),
      listener: {
        card: (card) => this.#cardCame(card),
        init: (digest, bytes) => this.#local.init(digest, bytes),
        list: (key, torn) => this.#local.feeder?.list(key, torn),
        part: (part) => this.#local.part(part),
        miss: (key) => this.#local.miss(key),
        trouble: (error) => listener.problem(error),
      },
    });
    this.#feed = feed;
    if (this.#transport !== undefined && this.#swarm !== undefined) this.#transport.start(this.#swarm);
    await feed.run(signal);
  }

  /** Goes on with what `prepare()` got to know. */
  async #takeUp(): Promise<void> {
    this.#isStandby = false;
    const card = this.#card;
    this.#card = undefined;
    if (card !== undefined) await this.#cardCame(card);
    const renditions = card?.options.renditions ?? [];
    const after = renditions.flatMap((_, rendition) => {
      const last = this.#local.feeder?.last(rendition);
      return last === undefined || last.epoch !== card?.epoch ? [] : [{ rendition, msn: last.msn, part: last.part }];
    });
    this.bufferChanged();
    this.#swarm?.activate(after);
  }

  async #follow(origin: OriginSource, code: OriginCode, signal: AbortSignal): Promise<Follower> {
    const { url, credentials = "omit", requestHeaders, renditions } = origin;
    const { clock, fetch } = this.#context;
    return code.followOrigin({
      url,
      clock,
      fetch,
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
    if (makeSwarm === undefined) throw new RelayError("internal", "expected the code of the swarm");
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
        if (this.#plan.origin === undefined) void this.#cardCame(card);
      },
      init: (digest, bytes) => {
        this.#local.init(digest, bytes);
      },
      fetch: (key, _reason, signal) => this.#fetch(key, signal),
      missed: (key) => this.#local.miss(key),
      banned: (peer, reason) => this.#context.listener.banned(peer, reason),
      wanted: (peers) => this.#transport?.want(peers),
    };
  }

  #fetch(key: PartKey, signal: AbortSignal): void {
    if (this.#feed === undefined) this.#swarm?.fetchFailed(key);
    else this.#feed.fetch(key, signal);
  }

  #partCame(part: SharedPart): void {
    this.stats.part(part);
    this.#local.part(part);
  }

  /** What the worker does not take ends this try. */
  async #cardCame(card: StreamCard): Promise<void> {
    try {
      await this.#local.card(card);
    } catch (thrown) {
      this.#fail(RelayError.from(thrown));
    }
  }

  /** Renditions that this viewer does not follow are not there. */
  #localOptions({ options }: StreamCard): StreamOptions {
    const { origin, relay, peers } = this.#plan;
    // Peers pass on all of what is signed.
    if (origin === undefined && (relay === undefined || peers !== undefined)) return options;
    const ids = new Set(origin?.renditions ?? firstVariant(options.renditions));
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
    this.#local.closeFeeder();
    // Before the transport goes: it says goodbye over it.
    this.#swarm?.close();
    await this.#local.close();
    over.abort(new RelayError("closed", "this tab leads no more"));
    await this.#transport?.close().catch(() => undefined);
  }
}

/** Requests that carry credentials open what is not for everybody. */
export function shares({ share, credentials = "omit", requestHeaders }: OriginSource): boolean {
  return share ?? (credentials === "omit" && requestHeaders === undefined ? DEFAULT_SHARE : false);
}

function failureOf({ reason, message, peer }: PeerFailure, clock: Clock): SessionFailure {
  return { reason, message, atMs: clock.wallMs(), ...(peer === undefined ? {} : { peer }) };
}
