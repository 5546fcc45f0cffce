import { systemClock } from "../../model/clock.ts";
import type { StreamOptions } from "../../model/options.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { SwarmPeer } from "../../swarm/swarm-types.ts";
import type { Step, StepAnswer } from "../../wire/messages.ts";
import type { PeerTransport } from "../peers/peer-transport.ts";
import type { Peers } from "../peers/peers.ts";
import type { PublishListener, Seeding } from "../publisher.ts";
import { toHex } from "./hex.ts";
import { publisherKey } from "./key-store.ts";
import { makeSwarm } from "./make-swarm.ts";
import { Seeder } from "./seeder.ts";
import type { SessionStats } from "./session-stats.ts";
import { StatsKeeper } from "./stats-keeper.ts";
import { publishedStreamId } from "./stream-trust.ts";

/** Viewers have the last parts, and know of the end, after this long; then the page lets them go. */
const LINGER_MS = 15_000;

export interface SeedingOptions {
  readonly name: string;
  readonly options: StreamOptions;
  readonly epoch: string;
  readonly peers: Peers;
  readonly base: string;
}

/** A publishing page's side of its swarm, from the first step to some time after the last. */
export interface PeerSeeding extends Seeding, PublishListener {}

/**
 * Finds viewers for a stream that is about to be published, and signs for it.
 * @throws RelayError `peers-unavailable`
 */
export async function openSeeding({ name, options, epoch, peers, base }: SeedingOptions): Promise<PeerSeeding> {
  const keys = await publisherKey(`${base}${name}`);
  const stream = await publishedStreamId(keys.fingerprint, name);
  const transport = await peers.open(toHex(stream));
  const { config, uploads, self } = transport;
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
  const seeder = new Seeder({ name, options, epoch, keys, swarm });
  await seeder.open();
  transport.start(swarm);
  return new OpenSeeding({ fingerprint: keys.fingerprint, seeder, swarm, transport });
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
  readonly fingerprint: string;
  readonly seeder: Seeder;
  readonly swarm: SwarmPeer;
  readonly transport: PeerTransport;
}

class OpenSeeding implements PeerSeeding {
  readonly fingerprint: string;
  readonly #parts: SeedingParts;
  readonly #keeper = new StatsKeeper(systemClock);
  #isClosing = false;

  constructor(parts: SeedingParts) {
    this.fingerprint = parts.fingerprint;
    this.#parts = parts;
  }

  stats(): SessionStats {
    const { seeder, swarm, transport } = this.#parts;
    this.#keeper.look({
      swarm: swarm.stats,
      transport: transport.stats,
      origin: undefined,
      feed: undefined,
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
    systemClock.after(LINGER_MS, () => {
      this.#parts.swarm.close();
      this.#parts.transport.close().catch(() => undefined);
    });
  }
}
