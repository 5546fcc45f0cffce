import { type PartKey, PIECE_SIZE_BYTES } from "../model/part-header.ts";
import type { FetchReason, SharedPart, SwarmListener, SwarmPeer } from "../swarm/swarm-types.ts";
import type { PeerId } from "../wire/peer-frame.ts";
import { withBehaviour } from "./mischief.ts";
import { Player } from "./player.ts";
import { delayToOrigin, type Profile } from "./population.ts";
import type { Random } from "./random.ts";
import type { SimHost } from "./sim-host.ts";
import { isPolluted } from "./sim-proof.ts";
import { isShort, type Member } from "./tracker.ts";
import type { World } from "./world.ts";

export interface ViewerOptions {
  readonly id: PeerId;
  readonly profile: Profile;
  readonly random: Random;
}

/** So often who wants more neighbours looks for them, and who has few, as the transport announces itself. */
const LOOKS_EVERY_MS = 4000;
const LOOKS_EVERY_POOR_MS = 1000;

/** One viewer: its line, its player and its engine, from coming to leaving. */
export class SimViewer implements SwarmListener, Member {
  readonly id: PeerId;
  readonly profile: Profile;
  readonly host: SimHost;
  readonly peer: SwarmPeer;
  readonly joinedMs: number;
  isGone = false;
  dialling = 0;
  madeRoomMs = Number.NEGATIVE_INFINITY;
  readonly #world: World;
  readonly #random: Random;
  #player: Player | undefined;
  /** Parts from here on became known while it watched. */
  #firstLive = 0;
  #missed = 0;
  #played = 0;
  #stallMs = 0;
  #sentBytesBefore = 0;
  #countedFromMs = 0;

  constructor(world: World, { id, profile, random }: ViewerOptions) {
    const { clock, network, options } = world;
    this.#world = world;
    this.#random = random;
    this.id = id;
    this.profile = profile;
    this.joinedMs = clock.now();
    this.#countedFromMs = this.joinedMs;
    const { uplinkBps, downlinkBps, jitterMs, lossRate, behaviour } = profile;
    this.host = network.host({
      id,
      uplinkBps,
      downlinkBps,
      jitterMs,
      lossRate,
      accept: (link) => this.peer.connect(withBehaviour(link, behaviour)),
    });
    const told = world.knowsUplink(random);
    this.peer = world.createPeer({
      self: id,
      clock,
      random,
      listener: this,
      uploads: behaviour !== "leaf",
      uplinkBps: told ? uplinkBps : 0,
      fetches: options.source === "origin",
    });
    if (options.source === "origin") this.peer.setCard(world.stream.cardBytes, world.stream.card);
    // Beside the playlists: the connection to the signalling server.
    clock.after(4 * delayToOrigin(profile), () => this.#seekNeighbours());
    // Two round trips: the Multivariant Playlist, and one of its own.
    clock.after(4 * delayToOrigin(profile), () => this.#start());
  }

  get maxNeighbours(): number {
    return this.peer.maxNeighbours;
  }

  get isHonest(): boolean {
    return this.profile.behaviour !== "polluter";
  }

  #start(): void {
    if (this.isGone) return;
    const { clock, stream, options, origin } = this.#world;
    const { partMs, latencyMs } = options;
    const edge = Math.floor(clock.now() / partMs) - 1;
    // It loads from a key frame on, and plays from its latency on.
    const wanted = Math.max(0, Math.floor((clock.now() - latencyMs) / partMs));
    const firstIndex = wanted - (wanted % options.partsPerSegment);
    this.#player = new Player({ partMs, latencyMs, firstIndex });
    this.#firstLive = edge + 1;
    this.peer.setBuffer(0);
    if (options.source === "origin") {
      for (let index = firstIndex; index <= edge; index++) this.peer.announce(stream.keyOf(index));
    }
    clock.after(origin.listedMs(this, edge + 1) - clock.now(), () => this.#listed(edge + 1));
  }

  /** The playlist lists a part: the beat of a viewer, which asks for the next at once. */
  #listed(index: number): void {
    if (this.isGone) return;
    const { clock, stream, options, origin } = this.#world;
    this.#tellBuffer();
    if (options.source === "origin") this.peer.announce(stream.keyOf(index));
    const nextMs = origin.listedMs(this, index + 1) + this.profile.jitterMs * this.#random();
    clock.after(nextMs - clock.now(), () => this.#listed(index + 1));
  }

  #seekNeighbours(): void {
    if (this.isGone) return;
    this.#world.introduce(this);
    const everyMs = isShort(this) ? LOOKS_EVERY_POOR_MS : LOOKS_EVERY_MS;
    this.#world.clock.after(everyMs * (0.75 + 0.5 * this.#random()), () => this.#seekNeighbours());
  }

  #tellBuffer(): void {
    const player = this.#player;
    if (player === undefined) return;
    this.peer.setBuffer(player.aheadMs(this.#world.clock.now()));
    this.#account(player);
  }

  /** What the player went through since the last time, into the census. */
  #account(player: Player): void {
    const { clock, census } = this.#world;
    const nowMs = clock.now();
    const missed = player.missed - this.#missed;
    const played = player.played - this.#played;
    const stallMs = player.stallMs - this.#stallMs;
    this.#missed = player.missed;
    this.#played = player.played;
    this.#stallMs = player.stallMs;
    if (!this.isHonest) return;
    const second = census.second(nowMs);
    second.missed += missed;
    second.played += played;
    if (!census.isCounting(nowMs)) return;
    census.missed += missed;
    census.played += played;
    census.stallMs += stallMs;
  }

  part({ key, signed, bytes, source }: SharedPart): void {
    const { clock, census, stream } = this.#world;
    const nowMs = clock.now();
    const index = stream.indexOf(key);
    for (let at = 0; at < bytes.byteLength; at += PIECE_SIZE_BYTES) {
      if (isPolluted(bytes.subarray(at, at + 1))) census.pollutedParts += 1;
    }
    if (bytes.byteLength !== signed.header.sizeBytes) census.pollutedParts += 1;
    const player = this.#player;
    const startedBefore = player?.hasStarted ?? true;
    player?.add(index, nowMs);
    if (this.isHonest && census.isCounting(nowMs)) {
      if (index >= this.#firstLive && player !== undefined) {
        census.delays.add(nowMs - stream.part(index).madeMs);
        census.partsBySource[source] += 1;
      }
      if (!startedBefore && this.#player?.hasStarted === true) census.startups.add(nowMs - this.joinedMs);
    }
    this.#tellBuffer();
  }

  card(): void {}

  init(): void {}

  missed(key: PartKey): void {
    const { clock, stream } = this.#world;
    this.#player?.skip(stream.indexOf(key), clock.now());
    this.#tellBuffer();
  }

  fetch(key: PartKey, reason: FetchReason, signal: AbortSignal): void {
    const { origin, stream } = this.#world;
    const index = stream.indexOf(key);
    origin.fetch({
      viewer: this,
      index,
      reason,
      signal,
      done: () => {
        const { signed, bytes } = stream.part(index);
        this.peer.provide(signed, bytes, "origin");
      },
    });
  }

  banned(peer: PeerId, reason: string): void {
    // Who pollutes bans as it pleases: what it thinks of others does not count.
    if (this.isHonest) this.#world.banned(peer, reason);
  }

  wanted(peers: readonly PeerId[]): void {
    this.#world.introduceTo(this, peers);
  }

  /** Counting starts: what was before does not count. */
  startCount(nowMs: number): void {
    this.#sentBytesBefore = this.host.sentBytes;
    this.#countedFromMs = nowMs;
    if (this.#player !== undefined) {
      this.#player.settle(nowMs);
      this.#account(this.#player);
    }
  }

  /** Into the census, when it leaves or all ends. */
  endCount(nowMs: number): void {
    const { census, options } = this.#world;
    const player = this.#player;
    player?.settle(nowMs);
    if (player !== undefined) this.#account(player);
    census.wastedBytes += this.peer.stats.wastedBytes;
    if (!this.isHonest || nowMs < census.fromMs) return;
    const watchedMs = nowMs - this.#countedFromMs;
    const latencyMs = player?.latencyMs(nowMs);
    if (latencyMs !== undefined) census.latencies.add(latencyMs);
    census.watchedMs += watchedMs;
    census.viewers += 1;
    const { behaviour } = this.profile;
    const sentBytes = this.host.sentBytes - this.#sentBytesBefore;
    // Over the rate of the stream: 1 gives as much as it takes. Who came just now has had no time to.
    if (behaviour === "honest" && watchedMs > 10_000) {
      census.uploadShares.push((sentBytes * 8000) / watchedMs / options.bitsPerSecond);
    }
  }

  /** Ends it: with a word, or without. */
  leave(isCrash: boolean): void {
    const { clock, network } = this.#world;
    this.endCount(clock.now());
    this.isGone = true;
    if (isCrash) {
      const { detectionMs } = this.#world.options;
      network.crash(this.host, () => detectionMs * (0.5 + this.#random()));
      this.peer.close();
    } else {
      this.peer.close();
      network.leave(this.host);
    }
    this.#world.collect(this);
  }
}
