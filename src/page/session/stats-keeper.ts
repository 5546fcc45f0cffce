import type { Clock } from "../../model/clock.ts";
import type { NeighbourStats, SharedPart, SwarmStats } from "../../swarm/swarm-types.ts";
import type { PeerRoute } from "../peers/peer-route.ts";
import type { PeerTransportStats } from "../peers/peer-transport.ts";
import type { FeedStats } from "./part-feeder.ts";
import { RateWindow } from "./rate-window.ts";
import {
  NO_STATS,
  type SessionFailure,
  type SessionPeer,
  type SessionRelay,
  type SessionStats,
} from "./session-stats.ts";

export interface Looks {
  readonly swarm: SwarmStats | undefined;
  readonly transport: PeerTransportStats | undefined;
  /** What was fetched past the swarm. */
  readonly origin: { readonly bytes: number; readonly parts: number } | undefined;
  readonly feed: FeedStats | undefined;
  readonly relay?: SessionRelay | undefined;
  /** What this page made itself, once each. */
  readonly page?: { readonly bytes: number; readonly parts: number };
}

interface Rates {
  readonly received: RateWindow;
  readonly sent: RateWindow;
}

/** Puts the figures of transports, swarm and feeder together. */
export class StatsKeeper {
  readonly #clock: Clock;
  readonly #rates = new Map<string, Rates>();
  /** Of parts that came from peers or through the swarm. */
  #distinctBytes = 0;
  #stats: SessionStats = NO_STATS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get now(): SessionStats {
    return this.#stats;
  }

  /** A part came whole. */
  part({ bytes }: SharedPart): void {
    this.#distinctBytes += bytes.byteLength;
  }

  look({ swarm, transport, origin, feed, relay, page = { bytes: 0, parts: 0 } }: Looks): void {
    const now = this.#clock.now();
    const bytes = {
      page: page.bytes,
      peer: swarm?.bytes.peer ?? 0,
      origin: (swarm?.bytes.origin ?? 0) + (origin?.bytes ?? 0),
    };
    const distinctBytes = this.#distinctBytes + (origin?.bytes ?? 0) + page.bytes;
    const wastedBytes = swarm?.wastedBytes ?? 0;
    const uploadedBytes = swarm?.bytes.uploaded ?? 0;
    const peers = (swarm?.neighbours ?? []).map((each) => this.#peer(each, transport?.routes.get(each.peer), now));
    this.#forgetRates(swarm);
    const copies = (sum: number): number => (distinctBytes === 0 ? 0 : sum / distinctBytes);
    this.#stats = {
      role: this.#stats.role,
      atMs: this.#clock.wallMs(),
      bytes,
      parts: {
        page: page.parts,
        peer: swarm?.parts.peer ?? 0,
        origin: (swarm?.parts.origin ?? 0) + (origin?.parts ?? 0),
        missed: feed?.missed ?? 0,
      },
      copies: { received: copies(bytes.peer + bytes.origin + wastedBytes), sent: copies(uploadedBytes) },
      uploadedBytes,
      wastedBytes,
      controlBytes: swarm?.controlBytes ?? 0,
      peers,
      bans: swarm?.bans ?? [],
      failures: this.#failures(transport, now),
      upload: uploadOf(transport),
      signalling: transport?.signalling ?? "off",
      ...(transport?.audience === undefined ? {} : { audience: transport.audience }),
      distrusted: (swarm?.distrustedUntilMs ?? 0) > now,
      refused: feed?.refused ?? 0,
      ...(relay === undefined ? {} : { relay }),
    };
  }

  #failures(transport: PeerTransportStats | undefined, now: number): readonly SessionFailure[] {
    const wallMs = this.#clock.wallMs();
    return (transport?.recentFailures ?? []).map(({ reason, message, peer, atMs }) => ({
      reason,
      message,
      atMs: wallMs - (now - atMs),
      ...(peer === undefined ? {} : { peer }),
    }));
  }

  #peer(neighbour: NeighbourStats, route: PeerRoute | undefined, now: number): SessionPeer {
    const { peer, roundTripMs, receivedBytes, sentBytes, partDelayMs } = neighbour;
    let rates = this.#rates.get(peer);
    if (rates === undefined) {
      rates = { received: new RateWindow(), sent: new RateWindow() };
      this.#rates.set(peer, rates);
    }
    return {
      peer,
      ...(route === undefined ? {} : { route }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      receiveBps: 8 * rates.received.sample(now, receivedBytes),
      sendBps: 8 * rates.sent.sample(now, sentBytes),
      receivedBytes,
      sentBytes,
      ...(partDelayMs === undefined ? {} : { partDelayMs }),
    };
  }

  #forgetRates(swarm: SwarmStats | undefined): void {
    const here = new Set((swarm?.neighbours ?? []).map(({ peer }) => peer));
    for (const peer of this.#rates.keys()) if (!here.has(peer)) this.#rates.delete(peer);
  }
}

function uploadOf(transport: PeerTransportStats | undefined): SessionStats["upload"] {
  if (transport === undefined) return "off";
  return transport.uploads.on ? "on" : transport.uploads.reason;
}
