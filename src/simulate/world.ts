import type { SwarmOptions, SwarmPeer } from "../swarm/swarm-types.ts";
import type { PeerId } from "../wire/peer-frame.ts";
import { Census } from "./census.ts";
import { type CreatePeer, ENGINES } from "./engines.ts";
import { type Behaviour, canConnect, delayBetween, drawProfile } from "./population.ts";
import { exponential, type Random, seededRandom } from "./random.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimOrigin } from "./sim-origin.ts";
import { SimProof } from "./sim-proof.ts";
import { SimPublisher } from "./sim-publisher.ts";
import { SimStream } from "./sim-stream.ts";
import { SimViewer } from "./sim-viewer.ts";
import { isLinked, type Member, Tracker } from "./tracker.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { WorldOptions } from "./world-options.ts";

/** The stream is on for a while before the first viewer comes. */
const FIRST_MS = 10_000;
const FLASH_MS = 5_000;
/** A polluter that everybody has banned comes back under another name. */
const POLLUTER_LOOKS_MS = 5_000;
/** By way of the signalling server, offer and answer take so long; then come ICE, DTLS and SCTP, in round trips of the pair. */
const SIGNALLING_MS = 150;
const CONNECT_ROUND_TRIPS = 4;
const STREAM_ID = new Uint8Array(16);

/** Seeds of what must not depend on each other: the audience is the same whatever runs on it. */
const SEED_STEP = 1_000_003;

type PeerOptions = Omit<SwarmOptions, "stream" | "proof">;

/** A live stream, its audience, and the network between them. */
export class World {
  readonly options: WorldOptions;
  readonly clock = new VirtualClock();
  readonly network: SimNetwork;
  readonly stream: SimStream;
  readonly origin: SimOrigin;
  readonly census: Census;
  readonly #createPeer: CreatePeer;
  readonly #proof: SimProof;
  readonly #tracker: Tracker;
  readonly #viewers = new Map<PeerId, SimViewer>();
  readonly random: Random;
  /** Of everybody who ever came. */
  readonly #behaviours = new Map<PeerId, Behaviour>();
  #born = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.#createPeer = ENGINES[options.engine](options);
    this.random = seededRandom(options.seed);
    this.network = new SimNetwork({ clock: this.clock, random: seededRandom(options.seed + 1) });
    this.#tracker = new Tracker({
      random: seededRandom(options.seed + 2),
      now: () => this.clock.now(),
    });
    this.stream = new SimStream(options);
    this.#proof = new SimProof(this.stream.card);
    const fromMs = FIRST_MS + options.rampMs + options.settleMs;
    this.census = new Census({ fromMs, untilMs: fromMs + options.minutes * 60_000 });
    this.origin = new SimOrigin({
      clock: this.clock,
      stream: this.stream,
      served: (viewer, index, reason) =>
        this.census.copied({ index, reason, nowMs: this.clock.now(), behaviour: viewer.profile.behaviour }),
    });
    if (options.source === "publisher") this.#tracker.add(new SimPublisher(this));
    this.#schedule();
  }

  get viewers(): ReadonlyMap<PeerId, SimViewer> {
    return this.#viewers;
  }

  get endMs(): number {
    return this.census.untilMs;
  }

  #schedule(): void {
    const { peers, flash, rampMs } = this.options;
    const { clock, census } = this;
    for (let n = 0; n < peers; n++) clock.after(FIRST_MS + this.random() * rampMs, () => this.#arrive());
    const flashMs = (census.fromMs + census.untilMs) / 2;
    for (let n = 0; n < Math.round(peers * flash); n++) {
      clock.after(flashMs + this.random() * FLASH_MS, () => this.#arrive());
    }
    clock.after(census.fromMs, () => {
      for (const viewer of this.#viewers.values()) viewer.startCount(clock.now());
    });
    const eachSecond = (): void => {
      census.second(clock.now()).viewers = this.#viewers.size;
      clock.after(1000, eachSecond);
    };
    clock.after(0, eachSecond);
  }

  createPeer(options: PeerOptions): SwarmPeer {
    const { neighbours, seedCopies, patienceMs, keepMs } = this.options;
    return this.#createPeer({
      stream: STREAM_ID,
      proof: this.#proof,
      maxNeighbours: neighbours,
      keepMs,
      joinGraceMs: patienceMs,
      seedCopies,
      ...options,
    });
  }

  /** What the swarm is held against is always told: it has no means to find out. */
  knowsUplink(random: Random): boolean {
    return random() < this.options.told || this.options.engine !== "swarm";
  }

  #arrive(behaviour?: Behaviour): void {
    const { clock, options, census } = this;
    const number = this.#born++;
    const random = seededRandom(options.seed + SEED_STEP * (number + 1));
    const profile = drawProfile(random, options, behaviour);
    const leavesMs = options.churn > 0 ? exponential(random, 60_000 / options.churn) : Number.POSITIVE_INFINITY;
    const isCrash = random() < options.crashes;
    const viewer = new SimViewer(this, { id: `p${number}`, profile, random });
    this.#viewers.set(viewer.id, viewer);
    this.#behaviours.set(viewer.id, profile.behaviour);
    this.#tracker.add(viewer);
    census.second(clock.now()).arrivals += 1;
    if (profile.behaviour === "polluter") this.#watchPolluter(viewer);
    if (leavesMs < this.endMs) {
      clock.after(leavesMs, () => {
        if (viewer.isGone) return;
        viewer.leave(isCrash);
        this.#arrive();
      });
    }
  }

  #watchPolluter(viewer: SimViewer): void {
    this.clock.after(POLLUTER_LOOKS_MS, () => {
      if (viewer.isGone) return;
      if (viewer.host.links.size > 0) this.#watchPolluter(viewer);
      else {
        viewer.leave(false);
        this.#arrive("polluter");
      }
    });
  }

  /** Takes a viewer that has left out of the world. */
  collect(viewer: SimViewer): void {
    this.#viewers.delete(viewer.id);
    this.#tracker.delete(viewer);
  }

  /** Looks for neighbours, if it wants any. */
  introduce(member: Member): void {
    if (this.#tracker.wants(member) <= 0) return;
    for (const other of this.#tracker.introduce(member)) this.#dial(member, other);
  }

  introduceTo(viewer: SimViewer, peers: readonly PeerId[]): void {
    for (const peer of peers) {
      const other = this.#viewers.get(peer);
      if (other === undefined || other === viewer || isLinked(viewer, other)) continue;
      if (canConnect(viewer.profile.nat, other.profile.nat)) this.#dial(viewer, other);
    }
  }

  #dial(member: Member, other: Member): void {
    const delayMs = delayBetween(member.profile, other.profile);
    member.dialling += 1;
    other.dialling += 1;
    this.clock.after(SIGNALLING_MS + 2 * CONNECT_ROUND_TRIPS * delayMs, () => {
      member.dialling -= 1;
      other.dialling -= 1;
      if (!member.isGone && !other.isGone && !isLinked(member, other)) {
        this.network.connect(member.host, other.host, { delayMs });
      }
    });
  }

  banned(peer: PeerId, reason: string): void {
    this.census.banned(this.#behaviours.get(peer) ?? "honest", reason);
  }

  runUntil(atMs: number): void {
    this.clock.runUntil(atMs);
    this.stream.forgetBefore(Math.floor((atMs - 60_000) / this.options.partMs));
  }

  /** Ends the count of all that are there. */
  end(): void {
    for (const viewer of this.#viewers.values()) viewer.endCount(this.clock.now());
  }
}
