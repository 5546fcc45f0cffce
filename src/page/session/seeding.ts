import { systemClock } from "../../model/clock.ts";
import { resolveStreamOptions, type StreamOptions } from "../../model/options.ts";
import type { KeyPair } from "../../swarm/proof/key-pair.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { SwarmPeer } from "../../swarm/swarm-types.ts";
import type { Step, StepAnswer } from "../../wire/messages.ts";
import { loadCode } from "../load-code.ts";
import type { PeerTransport } from "../peers/peer-transport.ts";
import type { Peers } from "../peers/peers.ts";
import type { PublishListener, Seeding } from "../publisher.ts";
import { toHex } from "./hex.ts";
import { publisherKey } from "./key-store.ts";
import type { RelaySource } from "./relay-feed.ts";
import { openRelayUplink, type RelayUplink } from "./relay-uplink.ts";
import { Seeder, type SeedSink } from "./seeder.ts";
import type { SessionStats } from "./session-stats.ts";
import { StatsKeeper } from "./stats-keeper.ts";
import { publishedStreamId } from "./stream-trust.ts";

/** Viewers have the last parts, and know of the end, after this long; then the page lets them go. */
const LINGER_MS = 15_000;

/** By stream: lets its viewers go before that. They know this page by one name, and would not connect to it anew while they are connected. */
const lingering = new Map<string, () => Promise<void>>();

export interface SeedingOptions {
  readonly name: string;
  readonly options: StreamOptions;
  readonly epoch: string;
  /** Viewers to send it to. */
  readonly peers?: Peers;
  /** A relay to send it to, for any number of viewers. */
  readonly relay?: RelaySource;
  readonly base: string;
}

/** What a publishing page sends beyond its own browser, from the first step to some time after the last. */
export interface OutgoingSeeding extends Seeding, PublishListener {}

/**
 * Finds viewers, or a relay, for a stream that is about to be published, and signs for it.
 * @throws RelayError `peers-unavailable`, `invalid-option`
 */
export async function openSeeding({
  name,
  options,
  epoch,
  peers,
  relay,
  base,
}: SeedingOptions): Promise<OutgoingSeeding> {
  // Before anybody is met: nobody would leave a room for a stream that is refused.
  resolveStreamOptions(options);
  const id = `${base}${name}`;
  await lingering.get(id)?.();
  const keys = await publisherKey(id);
  const room = peers && (await openRoom(peers, { name, keys }));
  let uplink: RelayUplink | undefined;
  try {
    uplink = relay && (await openRelayUplink(relay, { name, options, clock: systemClock, random: Math.random }));
    const sinks: SeedSink[] = [room?.swarm, uplink].filter((sink) => sink !== undefined);
    const seeder = new Seeder({ name, options, epoch, keys, sinks });
    await seeder.open();
    room?.transport.start(room.swarm);
    return new OpenSeeding({ id, fingerprint: keys.fingerprint, seeder, room, uplink });
  } catch (thrown) {
    // Nobody else would: the room looks at the network, and a relay is connected to, again and again.
    await letGo({ room, uplink });
    throw thrown;
  }
}

async function letGo({ room, uplink }: Pick<SeedingParts, "room" | "uplink">): Promise<void> {
  uplink?.close();
  room?.swarm.close();
  await room?.transport.close().catch(() => undefined);
}

/** The swarm whose source this page is. */
interface Room {
  readonly swarm: SwarmPeer;
  readonly transport: PeerTransport;
}

async function openRoom(
  peers: Peers,
  { name, keys }: { readonly name: string; readonly keys: KeyPair },
): Promise<Room> {
  const stream = await publishedStreamId(keys.fingerprint, name);
  const transport = await peers.open(toHex(stream));
  const { config, uploads, self } = transport;
  const { makeSwarm } = await loadCode("peers", import("../peers/peer-code.ts"));
  const swarm = makeSwarm({
    self,
    stream,
    clock: systemClock,
    random: Math.random,
    proof: new StreamProof({ fingerprint: keys.fingerprint, name }),
    listener: NOBODY,
    source: true,
    uploads: uploads.state.on,
    uplinkBps: Number.isFinite(config.upload.maxBps) ? config.upload.maxBps : 0,
    maxNeighbours: config.maxNeighbours,
  });
  uploads.onChange(({ on }) => swarm.setUploads(on));
  return { swarm, transport };
}

/** The source hears nothing that it has not said. */
const NOBODY = {
  part: () => undefined,
  card: () => undefined,
  init: () => undefined,
  fetch: () => undefined,
  missed: () => undefined,
  banned: () => undefined,
};

interface SeedingParts {
  /** Of the stream, in this browser. */
  readonly id: string;
  readonly fingerprint: string;
  readonly seeder: Seeder;
  readonly room: Room | undefined;
  readonly uplink: RelayUplink | undefined;
}

class OpenSeeding implements OutgoingSeeding {
  readonly fingerprint: string;
  readonly #parts: SeedingParts;
  readonly #keeper = new StatsKeeper(systemClock);
  #isClosing = false;

  constructor(parts: SeedingParts) {
    this.fingerprint = parts.fingerprint;
    this.#parts = parts;
  }

  stats(): SessionStats {
    const { seeder, room, uplink } = this.#parts;
    this.#keeper.look({
      swarm: room?.swarm.stats,
      transport: room?.transport.stats,
      origin: undefined,
      feed: undefined,
      relay: uplink?.stats,
      page: { bytes: seeder.sizeBytes, parts: seeder.parts },
    });
    return { ...this.#keeper.now, role: "local" };
  }

  taken(rendition: string, step: Step, answer: StepAnswer): void {
    this.#parts.seeder.taken(rendition, step, answer);
  }

  ended(): void {
    this.#parts.seeder.ended();
  }

  closed(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { id } = this.#parts;
    const end = async (): Promise<void> => {
      cancel();
      if (lingering.get(id) === end) lingering.delete(id);
      await letGo(this.#parts);
    };
    const cancel = systemClock.after(LINGER_MS, () => void end());
    lingering.set(id, end);
  }
}
