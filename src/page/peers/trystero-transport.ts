import { type BaseRoomConfig, type JoinRoom, type JoinRoomCallbacks, type Room, selfId } from "@trystero-p2p/core";
import { systemClock } from "../../model/clock.ts";
import type { SwarmPeer } from "../../swarm/swarm-types.ts";
import type { PeerId } from "../../wire/peer-frame.ts";
import { decodeFrame, encodeFrame } from "../../wire/peer-frame-codec.ts";
import { ChannelLink } from "./channel-link.ts";
import { NeighbourGate } from "./neighbour-gate.ts";
import { pageWorld } from "./page-world.ts";
import { type ChannelConnection, connectionMaker } from "./peer-connection.ts";
import { type PeerFailure, PeerFailures } from "./peer-failures.ts";
import type { PeersConfig } from "./peer-options.ts";
import type { PeerTransport, PeerTransportStats } from "./peer-transport.ts";
import { relayStrategy } from "./relay-strategy.ts";
import { shardsOf } from "./shards.ts";
import { SignalSocket } from "./signal-socket.ts";
import { whyUnreachable } from "./unreachable.ts";
import { UploadPolicy } from "./upload-policy.ts";

export interface TransportParts {
  readonly config: PeersConfig;
  readonly room: string;
  readonly listener?: (failure: PeerFailure) => void;
}

/** Rooms of other programs that use Trystero are other rooms. */
const APP_ID = "eddy-hls";
/** Between two peers, once there is a connection. */
const HANDSHAKE_MS = 10_000;

/** A page that is there so long after it was about to go has stayed. */
const STAYED_MS = 2_000;
/** A peer that was banned, or speaks no frames, is let be for so long. */
const AVOID_MS = 60_000;

const random = Math.random;
const clock = systemClock;

/** The peers of one room, found by Trystero. */
export function openTransport(parts: TransportParts): PeerTransport {
  return new TrysteroTransport(parts);
}

class TrysteroTransport implements PeerTransport {
  readonly self: PeerId = selfId;
  readonly config: PeersConfig;
  readonly uploads: UploadPolicy;
  readonly #room: string;
  readonly #failures: PeerFailures;
  readonly #gate: NeighbourGate;
  readonly #connections = connectionMaker(RTCPeerConnection);
  readonly #links = new Map<PeerId, ChannelLink>();
  readonly #connected = new Map<PeerId, ChannelConnection>();
  readonly #closed = new AbortController();
  #sockets: readonly SignalSocket[] = [];
  #rooms: readonly Room[] = [];
  #joinRoom: JoinRoom | undefined;
  /** Trystero says goodbye, which takes it a moment, and would let in meanwhile whoever comes. */
  #isLeaving = false;
  #swarm: Pick<SwarmPeer, "connect" | "alone" | "maxNeighbours" | "idleNeighbours"> | undefined;
  #wanted: readonly PeerId[] = [];

  constructor({ config, room, listener }: TransportParts) {
    this.config = config;
    this.uploads = new UploadPolicy(config.upload, config.mode, pageWorld(clock));
    this.#room = room;
    this.#failures = new PeerFailures(clock, listener);
    this.#gate = new NeighbourGate({
      max: () => this.#swarm?.maxNeighbours ?? config.maxNeighbours,
      idle: () => this.#swarm?.idleNeighbours ?? 0,
      clock,
      random,
    });
  }

  get stats(): PeerTransportStats {
    const links = [...this.#links.values()];
    return {
      signalling: this.#signalling(),
      audience: this.#audience(),
      links: links.length,
      routes: new Map([...this.#connected].map(([peer, { route }]) => [peer, route])),
      pending: this.#gate.pending,
      bufferedBytes: links.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0),
      failures: this.#failures.counts,
      recentFailures: this.#failures.recent,
      uploads: { ...this.uploads.state, monthBytes: this.uploads.monthBytes },
    };
  }

  want(peers: readonly PeerId[]): void {
    this.#wanted = peers;
  }

  start(swarm: Pick<SwarmPeer, "connect" | "alone" | "maxNeighbours" | "idleNeighbours">): void {
    if (this.#swarm !== undefined || this.#closed.signal.aborted) return;
    this.#swarm = swarm;
    if (this.config.mode === "off") return;
    const { signal } = this.#closed;
    this.#strategy()
      .then((joinRoom) => {
        this.#joinRoom = joinRoom;
        this.#join();
      })
      .catch((thrown: unknown) => {
        this.#failures.add("signalling-unreachable", thrown instanceof Error ? thrown.message : String(thrown));
      });
    // Trystero leaves its rooms then, also where the page stays: the person says so, or the link was a download.
    const stayed = (): void => {
      this.#isLeaving = false;
      this.#join();
    };
    const leaving = (): void => {
      this.#isLeaving = true;
      clock.after(STAYED_MS, stayed);
    };
    window.addEventListener("beforeunload", leaving, { signal });
    window.addEventListener("online", () => this.#gate.networkChanged(), { signal });
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    for (const link of [...this.#links.values()]) link.close();
    await Promise.all(this.#rooms.map((room) => room.leave().catch(() => undefined)));
    for (const socket of this.#sockets) socket.close();
    this.uploads.close();
  }

  #join(): void {
    const { signalling, secret, iceServers, mode } = this.config;
    const joinRoom = this.#joinRoom;
    if (joinRoom === undefined || this.#closed.signal.aborted) return;
    const config = {
      appId: APP_ID,
      rtcPolyfill: this.#connections.Connection,
      rtcConfig: {
        iceServers: [...iceServers],
        ...(mode === "relay-only" ? { iceTransportPolicy: "relay" as const } : {}),
      },
      relayConfig: {
        warnOnRelayFailure: false,
        ...(signalling.kind === "relay" || signalling.urls.length === 0 ? {} : { urls: [...signalling.urls] }),
      },
      ...(secret === undefined ? {} : { password: secret }),
    } satisfies BaseRoomConfig & { relayConfig: { urls?: string[] } };
    const shards = signalling.kind === "relay" ? 1 : signalling.shards;
    this.#rooms = shardsOf(this.#room, this.self, shards).map((name) => {
      const room = this.#connections.withoutSpares(() => joinRoom(config, name, this.#callbacks()));
      room.onPeerJoin = (peer) => this.#joined(peer, room);
      room.onPeerLeave = (peer) => this.#left(peer);
      return room;
    });
  }

  async #strategy(): Promise<JoinRoom> {
    const { signalling } = this.config;
    // A room of Trystero's packages is the page's; each of ours is its own.
    if (signalling.kind === "nostr") return (await import("@trystero-p2p/nostr")).joinRoom as JoinRoom;
    if (signalling.kind === "torrent") return (await import("@trystero-p2p/torrent")).joinRoom as JoinRoom;
    this.#sockets = signalling.urls.map(
      (url) =>
        new SignalSocket({
          url,
          connect: (address, protocol) => new WebSocket(address, protocol),
          clock,
          random,
          failed: (reason, message) => this.#failures.add(reason, message),
        }),
    );
    const retry = (): void => {
      for (const socket of this.#sockets) socket.retry();
    };
    window.addEventListener("online", retry, { signal: this.#closed.signal });
    return relayStrategy({
      sockets: this.#sockets,
      gate: this.#gate,
      wanted: () => this.#wanted.filter((peer) => !this.#gate.knows(peer)),
      failures: this.#failures,
      random,
      letGo: (peer) => this.#links.get(peer)?.giveUp("full"),
      isLeaving: () => this.#isLeaving,
      audience: (members) => {
        // Where there are several relays, another may know of others: they are met all the same.
        if (members <= 1) this.#swarm?.alone();
      },
    });
  }

  #callbacks(): JoinRoomCallbacks {
    return {
      handshakeTimeoutMs: HANDSHAKE_MS,
      // Relays that are not ours let everybody through: who is one too many is turned away here.
      onPeerHandshake: async (peer) => {
        if (!this.#gate.admits({ peer, links: 0 })) throw new Error("full");
      },
      onJoinError: ({ peerId, error }) => {
        // Our own refusal comes by here too, and was no failure.
        if (error === "full") return;
        // Of another secret, or of no use: its place stays taken for a while, so that it cannot be tried in a loop.
        if (/handshake|password/.test(error)) {
          this.#failures.add("refused", error, peerId);
          return;
        }
        const { reason, message } = whyUnreachable(this.#connections.found, this.config.iceServers);
        this.#failures.add(reason, message, peerId);
        this.#gate.unreached(peerId);
      },
    };
  }

  #joined(peer: PeerId, room: Room): void {
    const connection = room.getPeers()[peer] as ChannelConnection | undefined;
    // Two rooms share one connection.
    if (connection === undefined || this.#links.has(peer)) return;
    const taken = connection.takeChannel();
    if (taken === undefined || this.#closed.signal.aborted || this.#isLeaving || !this.#gate.joined(peer)) {
      connection.end();
      return;
    }
    const link = new ChannelLink({
      peer,
      channel: taken.channel,
      codec: { encode: encodeFrame, decode: decodeFrame },
      clock,
      rate: this.uploads.rate,
      sent: (bytes) => this.uploads.uploaded(bytes),
      failed: (reason, message) => {
        this.#failures.add(reason, message, peer);
        // Who speaks no frames is not banned for it, and must not come back at once to do so again.
        if (reason === "malformed") this.#gate.avoid(peer, AVOID_MS);
      },
      ended: () => {
        this.#links.delete(peer);
        this.#connected.delete(peer);
        this.#gate.left(peer);
        connection.end();
      },
    });
    this.#links.set(peer, link);
    this.#connected.set(peer, connection);
    const port = this.#swarm?.connect(link);
    if (port === undefined) {
      // Banned, or the swarm is full: it must not come back at once.
      link.close();
      this.#gate.avoid(peer, AVOID_MS);
      return;
    }
    link.attach(port);
    for (const data of taken.early) link.receive(data);
  }

  #left(peer: PeerId): void {
    const stays = this.#rooms.some((room) => room.getPeers()[peer] !== undefined);
    if (stays) return;
    const state = this.#connected.get(peer)?.connectionState;
    this.#links.get(peer)?.lost(state === "failed" || state === "disconnected" ? "the connection broke" : undefined);
  }

  #signalling(): PeerTransportStats["signalling"] {
    if (this.config.mode === "off" || this.#closed.signal.aborted || this.#swarm === undefined) return "off";
    if (this.config.signalling.kind !== "relay") return "hidden";
    return this.#sockets.some(({ isOpen }) => isOpen) ? "open" : "lost";
  }

  #audience(): number | undefined {
    const counts = this.#sockets.flatMap((socket) => socket.members ?? []);
    return counts.length === 0 ? undefined : Math.max(...counts);
  }
}
