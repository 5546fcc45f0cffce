import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import type { StreamOptions } from "../../model/options.ts";
import { type Digest, type PartKey, partNumber, type SignedHeader, type StreamCard } from "../../model/part-header.ts";
import { HeaderSigner, type PartFacts } from "../../swarm/proof/header-signer.ts";
import type { KeyPair } from "../../swarm/proof/key-pair.ts";
import { sha256 } from "../../swarm/proof/sha256.ts";
import { signCard } from "../../swarm/proof/sign-card.ts";
import type { Step, StepAnswer } from "../../wire/messages.ts";
import type { PublishListener } from "../publisher.ts";

/** Parts that may wait for their signature; a machine that is slower than that seeds no more of them. */
const MAX_WAITING = 64;
const NO_DIGEST: Digest = new Uint8Array(32);
const NOTHING: Bytes = new Uint8Array(0);

/** Where goes what is signed: the swarm, a relay. */
export interface SeedSink {
  setCard(bytes: Bytes, card: StreamCard): void;
  /** `rendition`: index of the one whose parts need it from now on. */
  provideInit(digest: Digest, bytes: Bytes, rendition: number): void;
  provide(signed: SignedHeader, bytes: Bytes, source: "own"): void;
}

export interface SeederOptions {
  readonly name: string;
  readonly options: StreamOptions;
  readonly epoch: string;
  readonly keys: KeyPair;
  readonly sinks: readonly SeedSink[];
  /** A part could not be signed, and viewers go without it. */
  readonly failed?: (error: RelayError) => void;
}

interface Lane {
  readonly index: number;
  init: Digest;
  discontinuity: boolean;
  /** Nobody shares what only a key opens: its key would have to be told as well. */
  isEncrypted: boolean;
  last: PartKey | undefined;
}

/** Signs what the worker has taken, under the position that it answered, and gives it to who sends it to viewers. */
export class Seeder implements PublishListener {
  readonly #options: SeederOptions;
  readonly #signer: HeaderSigner;
  readonly #lanes: ReadonlyMap<string, Lane>;
  /** Everything is signed in the order in which it was taken. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #revision = 0;
  #sizeBytes = 0;
  #parts = 0;

  constructor(options: SeederOptions) {
    const { epoch, keys } = options;
    this.#options = options;
    this.#signer = new HeaderSigner({ epoch, keys });
    this.#lanes = new Map(
      options.options.renditions.map(({ id }, index) => [
        id,
        { index, init: NO_DIGEST, discontinuity: false, isEncrypted: false, last: undefined },
      ]),
    );
  }

  /** What one copy of all that was seeded takes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get parts(): number {
    return this.#parts;
  }

  /** Tells which stream this is. Before the first part. */
  async open(): Promise<void> {
    await this.#setCard();
  }

  taken(rendition: string, step: Step, { position, segmentStart }: StepAnswer): void {
    const lane = this.#lanes.get(rendition);
    if (lane === undefined) return;
    switch (step.kind) {
      case "init":
        this.#later(async () => {
          lane.init = await sha256(step.bytes);
          for (const sink of this.#options.sinks) sink.provideInit(lane.init, step.bytes, lane.index);
        });
        return;
      case "discontinuity":
        this.#later(async () => {
          lane.discontinuity = true;
        });
        return;
      case "key":
        this.#later(async () => {
          lane.isEncrypted = step.keys.some(({ method }) => method !== "NONE");
        });
        return;
      case "part":
      case "gap":
        // One that the answer gave no position has been there before.
        if (position !== undefined) {
          const opensSegment = segmentStart !== undefined;
          this.#later(() => this.#seed(lane, step, { ...position, opensSegment }));
        }
        return;
      default:
        return;
    }
  }

  ended(): void {
    this.#later(async () => {
      const last = [...this.#lanes.values()].flatMap((lane) => (lane.last === undefined ? [] : [lane.last]));
      await this.#setCard(last.sort((left, right) => left.rendition - right.rendition));
    });
  }

  closed(): void {
    // What is signed by now is seeded still: peers have not all of it.
  }

  /** Resolves when all that was taken by now is signed and given. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #seed(
    lane: Lane,
    step: Extract<Step, { kind: "part" | "gap" }>,
    position: { readonly msn: number; readonly part: number; readonly opensSegment: boolean },
  ): Promise<void> {
    if (lane.isEncrypted) return;
    const isGap = step.kind === "gap";
    const key: PartKey = { rendition: lane.index, msn: position.msn, part: position.part };
    // A step that is told again to a worker that started anew has been seeded.
    if (lane.last !== undefined && partNumber(key) <= partNumber(lane.last)) return;
    const facts: PartFacts = {
      ...key,
      durationMs: step.durationMs,
      // A producer need not say so: the worker has looked at the samples, and opens segments with key frames.
      independent: !isGap && (step.independent || position.opensSegment),
      gap: isGap,
      discontinuity: lane.discontinuity,
      programDateTimeMs: Math.round((isGap ? undefined : step.programDateTimeMs) ?? Date.now() - step.durationMs),
      initDigest: lane.init,
    };
    const bytes = isGap ? NOTHING : step.bytes;
    const signed = await this.#signer.sign(facts, bytes);
    lane.discontinuity = false;
    lane.last = key;
    this.#sizeBytes += bytes.byteLength;
    this.#parts += 1;
    for (const sink of this.#options.sinks) sink.provide(signed, bytes, "own");
  }

  async #setCard(ended?: readonly PartKey[]): Promise<void> {
    const { name, epoch, options, keys, sinks } = this.#options;
    this.#revision += 1;
    const card = { name, epoch, revision: this.#revision, options, ...(ended === undefined ? {} : { ended }) };
    const bytes = await signCard(card, keys);
    for (const sink of sinks) sink.setCard(bytes, { ...card, publicKey: keys.publicKey });
  }

  #later(task: () => Promise<void>): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#options.failed?.(
        new RelayError("deadline", `expected at most ${MAX_WAITING} parts to wait for a signature`),
      );
      return;
    }
    this.#waiting += 1;
    this.#queue = this.#queue
      .then(task)
      .catch((thrown: unknown) => this.#options.failed?.(RelayError.from(thrown)))
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}
