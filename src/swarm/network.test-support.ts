import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { type PartKey, PIECE_SIZE_BYTES, type SignedHeader, type StreamCard } from "../model/part-header.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import { PEER_VERSION } from "../wire/peer-frame.ts";
import { SUBSTREAMS, substreamOf } from "./limits.ts";
import { Swarm } from "./swarm.ts";
import type { FetchReason, PeerLink, PeerPort, Proof, SharedPart, SwarmListener, SwarmOptions } from "./swarm-types.ts";

type Frame<K extends PeerFrame["kind"]> = Extract<PeerFrame, { readonly kind: K }>;

interface Timer {
  readonly atMs: number;
  callback: (() => void) | undefined;
}

/** Time that stands still until a test moves it; timers of one moment fire in the order in which they were set. */
export class TestClock implements Clock {
  /** In the order in which they fire. */
  readonly #timers: Timer[] = [];
  #nowMs = 0;

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + delayMs, callback };
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timers[middle]!.atMs <= timer.atMs) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return () => {
      timer.callback = undefined;
    };
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    while (this.#timers[0] !== undefined && this.#timers[0].atMs <= untilMs) {
      const { atMs, callback } = this.#timers.shift()!;
      this.#nowMs = atMs;
      callback?.();
    }
    this.#nowMs = untilMs;
  }
}

export const STREAM: Bytes = new Uint8Array(16).fill(7);
export const CARD: StreamCard = {
  name: "test",
  publicKey: new Uint8Array(32),
  epoch: "e1",
  revision: 1,
  options: { renditions: [{ id: "main", bandwidth: 1_000_000 }] },
};
export const CARD_BYTES: Bytes = new Uint8Array(40).fill(1);
const PARTS_PER_SEGMENT = 6;
export const PART_MS = 333;
const POLLUTED = 0xff;

export const keyOf = (index: number): PartKey => ({
  rendition: 0,
  msn: 1 + Math.floor(index / PARTS_PER_SEGMENT),
  part: index % PARTS_PER_SEGMENT,
});

const indexOf = ({ msn, part }: PartKey): number => (msn - 1) * PARTS_PER_SEGMENT + part;

/** The part at `index`, of so many full pieces. */
export function partAt(index: number, pieces = 4): { readonly signed: SignedHeader; readonly bytes: Bytes } {
  const digest: Bytes = new Uint8Array(32);
  new DataView(digest.buffer).setUint32(0, index + 1);
  const sizeBytes = pieces * PIECE_SIZE_BYTES;
  const header = {
    ...keyOf(index),
    epoch: "e1",
    durationMs: PART_MS,
    independent: index % PARTS_PER_SEGMENT === 0,
    gap: pieces === 0,
    discontinuity: false,
    programDateTimeMs: index * PART_MS,
    initDigest: new Uint8Array(32),
    sizeBytes,
    root: digest,
    previous: new Uint8Array(32),
  };
  const leaves = Array.from({ length: pieces }, () => new Uint8Array(32));
  const signed = { header, encoded: digest, digest, signature: new Uint8Array(64), pieces: leaves };
  return { signed, bytes: new Uint8Array(sizeBytes).fill(index & 0x7f) };
}

export const pieceOf = (index: number, piece: number, pieces = 4): Bytes =>
  partAt(index, pieces).bytes.subarray(piece * PIECE_SIZE_BYTES, (piece + 1) * PIECE_SIZE_BYTES);

export const polluted = (sizeBytes = PIECE_SIZE_BYTES): Bytes => new Uint8Array(sizeBytes).fill(POLLUTED);

/** A header that nobody signed, or one that is out of date. */
export function forged(signed: SignedHeader, how: "unproven" | "stale"): SignedHeader {
  const digest = signed.digest.map((byte) => byte ^ 0xff);
  return { ...signed, digest, signature: new Uint8Array(64).fill(how === "stale" ? 2 : 1) };
}

/** Finds what `polluted()` and `forged()` make; at once, or later as WebCrypto does. */
export class TestProof implements Proof {
  readonly #later: boolean;

  constructor(later = false) {
    this.#later = later;
  }

  card(): StreamCard {
    return CARD;
  }

  header({ signature }: SignedHeader): void | Promise<void> {
    return this.#answer(signature[0] === 0 ? undefined : signature[0] === 2 ? "stale" : "unproven");
  }

  piece(_signed: SignedHeader, _index: number, bytes: Bytes): void | Promise<void> {
    return this.#answer(bytes[0] === POLLUTED ? "unproven" : undefined);
  }

  init(_digest: Bytes, bytes: Bytes): void | Promise<void> {
    return this.#answer(bytes[0] === POLLUTED ? "unproven" : undefined);
  }

  #answer(code: "stale" | "unproven" | undefined): void | Promise<void> {
    const error = code === undefined ? undefined : new RelayError(code, "expected the stream's, got another");
    if (this.#later) return error === undefined ? Promise.resolve() : Promise.reject(error);
    if (error !== undefined) throw error;
  }
}

/** A viewer, or the publisher, and what its listener was told. */
export class TestPeer implements SwarmListener {
  readonly id: PeerId;
  readonly swarm: Swarm;
  readonly clock: TestClock;
  readonly parts: SharedPart[] = [];
  readonly fetches: { readonly index: number; readonly reason: FetchReason; readonly signal: AbortSignal }[] = [];
  readonly missedParts: number[] = [];
  readonly bans: string[] = [];
  readonly inits: Bytes[] = [];
  readonly #had = new Set<number>();
  cards = 0;
  /** What an attacker makes of what its swarm wants to say. */
  says: ((frame: PeerFrame, say: (frame: PeerFrame) => void) => void) | undefined;
  /** Whether the origin answers, and how soon. */
  originMs: number | undefined = 80;

  constructor(clock: TestClock, id: PeerId, options: Partial<SwarmOptions> = {}) {
    this.clock = clock;
    this.id = id;
    let seed = [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 17) >>> 0;
    this.swarm = new Swarm({
      self: id,
      stream: STREAM,
      clock,
      random: () => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        return seed / 2 ** 32;
      },
      proof: new TestProof(),
      listener: this,
      uplinkBps: 50_000_000,
      joinGraceMs: 0,
      ...options,
    });
  }

  get indices(): readonly number[] {
    return this.parts.map(({ key }) => indexOf(key)).sort((a, b) => a - b);
  }

  has(index: number): boolean {
    return this.#had.has(index);
  }

  provide(index: number, pieces = 4): void {
    const { signed, bytes } = partAt(index, pieces);
    this.swarm.provide(signed, bytes, "own");
  }

  part(part: SharedPart): void {
    this.parts.push(part);
    this.#had.add(indexOf(part.key));
  }

  card(): void {
    this.cards += 1;
  }

  init(_digest: Bytes, bytes: Bytes): void {
    this.inits.push(bytes);
  }

  fetch(key: PartKey, reason: FetchReason, signal: AbortSignal): void {
    const index = indexOf(key);
    this.fetches.push({ index, reason, signal });
    if (this.originMs === undefined) return;
    this.clock.after(this.originMs, () => {
      const { signed, bytes } = partAt(index);
      if (!signal.aborted) this.swarm.provide(signed, bytes, "origin");
    });
  }

  missed(key: PartKey): void {
    this.missedParts.push(indexOf(key));
  }

  banned(peer: PeerId, reason: string): void {
    this.bans.push(`${peer}: ${reason}`);
  }
}

/** Connects two peers; the returned function cuts the connection. */
export function connect(a: TestPeer, b: TestPeer, delayMs = 20): () => void {
  const ends = [new TestLink(a.clock, b.id, delayMs), new TestLink(a.clock, a.id, delayMs)] as const;
  const [near, far] = ends;
  near.says = a.says;
  far.says = b.says;
  near.deliver = (frame) => far.port?.received(frame);
  far.deliver = (frame) => near.port?.received(frame);
  near.ended = () => far.cut();
  far.ended = () => near.cut();
  near.port = a.swarm.connect(near);
  far.port = b.swarm.connect(far);
  return () => {
    near.cut();
    far.cut();
  };
}

class TestLink implements PeerLink {
  readonly peer: PeerId;
  bufferedBytes = 0;
  port: PeerPort | undefined;
  says: TestPeer["says"];
  deliver: (frame: PeerFrame) => void = () => {};
  ended: () => void = () => {};
  readonly #clock: TestClock;
  readonly #delayMs: number;
  #isOpen = true;

  constructor(clock: TestClock, peer: PeerId, delayMs: number) {
    this.#clock = clock;
    this.peer = peer;
    this.#delayMs = delayMs;
  }

  send(frame: PeerFrame): void {
    if (this.says === undefined) this.#say(frame);
    else this.says(frame, (said) => this.#say(said));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#clock.after(this.#delayMs, () => this.ended());
  }

  cut(): void {
    this.#isOpen = false;
    this.port?.closed();
  }

  #say(frame: PeerFrame): void {
    if (this.#isOpen) this.#clock.after(this.#delayMs, () => this.deliver(frame));
  }
}

/** A neighbour whose every frame the test writes by hand. Answers pings unless told not to. */
export class Scripted {
  readonly id: PeerId;
  readonly got: PeerFrame[] = [];
  readonly link: PeerLink & { bufferedBytes: number };
  readonly port: PeerPort | undefined;
  isClosed = false;
  /** Whether it answers requests, with parts of four pieces. */
  serves = false;
  /** When it answers a ping. */
  ping: (answer: () => void) => void = (answer) => answer();

  constructor(peer: TestPeer, id: PeerId, hello: Partial<Frame<"hello">> | null = {}) {
    this.id = id;
    this.link = {
      peer: id,
      bufferedBytes: 0,
      send: (frame) => {
        this.got.push(frame);
        if (frame.kind === "ping") this.ping(() => this.send({ kind: "pong", token: frame.token }));
        if (frame.kind === "request" && this.serves) this.#serve(frame);
      },
      close: () => {
        this.isClosed = true;
      },
    };
    this.port = peer.swarm.connect(this.link);
    if (hello === null) return;
    this.send({
      kind: "hello",
      version: PEER_VERSION,
      peer: id,
      stream: STREAM,
      uploads: true,
      source: false,
      fetches: false,
      ...hello,
    });
  }

  send(frame: PeerFrame): void {
    this.port?.received(frame);
  }

  of<K extends PeerFrame["kind"]>(kind: K): readonly Frame<K>[] {
    return this.got.filter((frame): frame is Frame<K> => frame.kind === kind);
  }

  has(...indices: readonly number[]): void {
    for (const index of indices) {
      const { msn, part } = keyOf(index);
      this.send({ kind: "have", rendition: 0, hops: 1, ranges: [{ first: { msn, part }, last: { msn, part } }] });
    }
  }

  header(index: number, pieces = 4): void {
    this.send({ kind: "header", hops: 0, signed: partAt(index, pieces).signed });
  }

  piece(index: number, piece: number, bytes: Bytes = pieceOf(index, piece)): void {
    this.send({ kind: "piece", key: keyOf(index), index: piece, bytes });
  }

  #serve({ key, first, count, known }: Frame<"request">): void {
    const index = indexOf(key);
    if (!known) this.header(index);
    for (let piece = first; piece < Math.min(first + count, 4); piece += 1) this.piece(index, piece);
  }

  /** Pushes what was subscribed to of a part of four pieces, behind its header. */
  pushes(index: number): void {
    const { substreams = 0 } = this.of("subscribe").at(-1) ?? {};
    this.header(index);
    for (let piece = 0; piece < 4; piece += 1) {
      if (((substreams >> substreamOf(keyOf(index), piece)) & 1) === 1) this.piece(index, piece);
    }
  }

  /** Offers every sub-stream, and pushes those that were asked for. */
  offers({
    delayMs = 0,
    beat = 1_000,
    uplinkBps = 50_000_000,
  }: {
    delayMs?: number;
    beat?: number;
    uplinkBps?: number;
  } = {}): void {
    const asked = this.of("subscribe").at(-1)?.substreams ?? 0;
    this.send({
      kind: "offer",
      asked,
      substreams: asked,
      free: SUBSTREAMS,
      uplinkBps,
      delaysMs: new Array<number>(SUBSTREAMS).fill(delayMs),
      beats: new Array<number>(SUBSTREAMS).fill(beat),
    });
  }

  /** Asks for sub-streams to be pushed. */
  subscribes(substreams = 2 ** SUBSTREAMS - 1): void {
    this.send({ kind: "subscribe", substreams, of: SUBSTREAMS });
  }
}

export const bitsOf = (mask: number): number => mask.toString(2).replaceAll("0", "").length;
