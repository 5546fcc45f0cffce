import { createTopicStrategy, type JoinRoom, selfId } from "@trystero-p2p/core";
import { PEER_VERSION, type PeerId } from "../../wire/peer-frame.ts";
import type { NeighbourGate } from "./neighbour-gate.ts";
import type { PeerFailures } from "./peer-failures.ts";
import { type PeerSignal, peerSignalOf, readPeerSignal } from "./peer-signal.ts";
import type { SignalSocket } from "./signal-socket.ts";

export interface RelayStrategyParts {
  readonly sockets: readonly SignalSocket[];
  readonly gate: NeighbourGate;
  /** Those that are looked for by name. */
  readonly wanted: () => readonly PeerId[];
  readonly failures: PeerFailures;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  /** Lets go of a neighbour: another takes its place. */
  readonly letGo: (peer: PeerId) => void;
  /** Nobody is heard while the room is being left. */
  readonly isLeaving: () => boolean;
  /** How many are in the room, this page included, as one relay counts them. */
  readonly audience: (members: number) => void;
}

/** From one announcement to the next; one that has neighbours enough says nothing at that time. */
const ANNOUNCE_MS = 4_000;
/** The same while there are too few of them: a viewer that has just come would ask the origin before the next. */
const ANNOUNCE_POOR_MS = 1_000;
/** Who had no room is not asked again for so long: more than Trystero takes to forget that it asked. */
const AVOID_REFUSING_MS = 6_000;
/** Of one connection: addresses that the peer can be reached at. Who sends more keeps us busy. */
const MAX_CANDIDATES = 64;

/**
 * Rooms over our own relays. Trystero connects whoever hears of whom: a full mesh. What it does not hear it does not answer,
 * so the bound on neighbours stands here, between the relay and Trystero, before a connection is made.
 */
export function relayStrategy(parts: RelayStrategyParts): JoinRoom {
  const { sockets, gate, wanted, failures, random, letGo, isLeaving, audience } = parts;
  const candidates = new Map<string, number>();

  /** Whether Trystero hears it. */
  function hears(signal: PeerSignal, isAnnounced: boolean, refuse: () => void): boolean {
    const { peerId: peer, version, refused, links } = signal;
    if (peer === selfId || isLeaving()) return false;
    if (version !== PEER_VERSION) {
      if (isAnnounced) failures.add("version", `expected ${PEER_VERSION}, got ${version}`, peer);
      return false;
    }
    if (refused) {
      if (gate.knows(peer)) failures.add("refused", "the peer has no room", peer);
      gate.refused(peer, AVOID_REFUSING_MS);
      return false;
    }
    if (signal.answer !== undefined) return gate.knows(peer);
    if (signal.candidate !== undefined) {
      const count = (candidates.get(peer) ?? 0) + 1;
      if (!gate.knows(peer) || count > MAX_CANDIDATES) return false;
      candidates.set(peer, count);
      return true;
    }
    // A new connection begins, or is wanted.
    for (const known of candidates.keys()) if (!gate.knows(known)) candidates.delete(known);
    if (!isAnnounced) {
      if (gate.admits({ peer, links })) return true;
      refuse();
      return false;
    }
    const verdict = signal.calls ? gate.calls(peer) : gate.hears({ peer, links });
    if (verdict.connect && verdict.instead !== undefined) letGo(verdict.instead);
    return verdict.connect;
  }

  return createTopicStrategy<SignalSocket>({
    init: () => [...sockets],
    subscribeTopic(socket, topic, onMessage, { kind, selfTopic }) {
      const hear = (payload: string): void => {
        const signal = readPeerSignal(payload);
        if (signal === undefined) return;
        const refuse = (): void => {
          if (signal.replyTo === "") return;
          socket.publish(
            signal.replyTo,
            peerSignalOf({ peerId: selfId, refused: true }, { replyTo: selfTopic, links: gate.links }),
          );
        };
        if (!hears(signal, kind === "root", refuse)) return;
        const { peerId, offer, answer, candidate, offerId } = signal;
        const heard = Object.entries({ peerId, offer, answer, candidate, offerId });
        const message = Object.fromEntries(heard.filter(([, value]) => value !== undefined));
        // What a peer makes up can fail in there in ways of its own; it gets no connection then.
        Promise.resolve(onMessage(topic, message)).catch(() => undefined);
      };
      return socket.subscribe(topic, selfId, hear, kind === "root" ? audience : undefined);
    },
    async publishTopic(socket, topic, message, { kind, selfTopic: replyTo }) {
      if (kind === "signal") {
        socket.publish(topic, peerSignalOf(message, { replyTo, links: gate.links }));
        return undefined;
      }
      await socket.opened();
      const own = { replyTo, links: gate.links };
      const names = wanted();
      if (names.length > 0) socket.publish(topic, peerSignalOf(message, { ...own, calls: true }), names);
      if (gate.isHungry) socket.publish(topic, peerSignalOf(message, own));
      const everyMs = gate.isPoor ? ANNOUNCE_POOR_MS : ANNOUNCE_MS;
      return { nextAnnounceMs: everyMs * (0.75 + random() / 2), reannounceOnDisconnect: false };
    },
  });
}
