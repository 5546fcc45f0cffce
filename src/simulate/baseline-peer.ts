import type { Bytes } from "../model/bytes.ts";
import { type PartKey, PIECE_SIZE_BYTES, partNumber, type SignedHeader } from "../model/part-header.ts";
import type {
  FetchReason,
  PartSource,
  PeerLink,
  PeerPort,
  SwarmOptions,
  SwarmPeer,
  SwarmStats,
} from "../swarm/swarm-types.ts";
import type { PeerFrame, PeerId } from "../wire/peer-frame.ts";
import { frameSize } from "../wire/peer-frame-codec.ts";

/** Parts kept for others. */
const KEPT_PARTS = 90;

type PieceFrame = Extract<PeerFrame, { kind: "piece" }>;

/** A part as an engine that is held against the swarm knows it. */
export interface BaselinePart {
  readonly key: PartKey;
  readonly number: number;
  readonly knownMs: number;
  signed: SignedHeader | undefined;
  pieces: (Bytes | undefined)[];
  missing: number;
  bytes: Bytes | undefined;
  /** Pieces that overtook their header. */
  early: { readonly from: BaselineNeighbour; readonly frame: PieceFrame }[];
  isWanted: boolean;
  fetching: AbortController | undefined;
}

export interface BaselineNeighbour {
  readonly peer: PeerId;
  readonly link: PeerLink;
}

/**
 * What the engines that the swarm is held against have in common: links, parts that are put together of proven pieces, the origin, and
 * figures. As favourable to them as may be: pieces are proven one by one here too, and who sends one that is not the stream's is banned.
 */
export abstract class BaselinePeer<N extends BaselineNeighbour> implements SwarmPeer {
  protected readonly options: SwarmOptions;
  protected readonly neighbours = new Map<PeerId, N>();
  protected readonly parts = new Map<number, BaselinePart>();
  protected isClosed = false;
  protected uploads: boolean;
  protected aheadMs = 0;
  protected aheadAtMs = 0;
  readonly #banned = new Set<PeerId>();
  readonly #stats = {
    parts: { peer: 0, origin: 0, own: 0, missed: 0 },
    bytes: { peer: 0, origin: 0, uploaded: 0 },
    wastedBytes: 0,
    controlBytes: 0,
    bans: [] as { readonly peer: PeerId; readonly reason: string }[],
  };

  constructor(options: SwarmOptions) {
    this.options = options;
    this.uploads = options.uploads !== false;
  }

  protected abstract neighbourOf(link: PeerLink): N;
  protected abstract opened(neighbour: N): void;
  protected abstract received(neighbour: N, frame: PeerFrame): void;
  protected abstract lost(neighbour: N): void;
  /** A part is wanted from now on. */
  protected abstract wanted(part: BaselinePart): void;
  protected abstract whole(part: BaselinePart, source: PartSource): void;

  get nowMs(): number {
    return this.options.clock.now();
  }

  readonly idleNeighbours = 0;

  get maxNeighbours(): number {
    return this.options.maxNeighbours ?? 12;
  }

  get stats(): SwarmStats {
    return { ...this.#stats, neighbours: [], distrustedUntilMs: undefined };
  }

  /** Takes no more links. */
  protected get isFull(): boolean {
    return this.neighbours.size >= this.maxNeighbours;
  }

  connect(link: PeerLink): PeerPort | undefined {
    if (this.isClosed || this.isFull || this.#banned.has(link.peer) || this.neighbours.has(link.peer)) {
      link.close();
      return undefined;
    }
    const neighbour = this.neighbourOf(link);
    this.neighbours.set(link.peer, neighbour);
    this.opened(neighbour);
    const gone = (): void => {
      if (this.neighbours.delete(link.peer) && !this.isClosed) this.lost(neighbour);
    };
    return {
      received: (frame) => {
        if (!this.isClosed) this.received(neighbour, frame);
      },
      malformed: gone,
      closed: gone,
    };
  }

  setCard(): void {}
  provideInit(): void {}
  wantInit(): void {}

  announce(key: PartKey): void {
    const part = this.partOf(key);
    if (part.isWanted) return;
    part.isWanted = true;
    this.wanted(part);
  }

  provide(signed: SignedHeader, bytes: Bytes, source: Exclude<PartSource, "peer">): void {
    const part = this.partOf(signed.header);
    part.fetching = undefined;
    if (source === "origin") this.#stats.bytes.origin += bytes.byteLength;
    if (part.bytes !== undefined) {
      this.#stats.wastedBytes += bytes.byteLength;
      return;
    }
    part.signed = signed;
    this.#finish(part, bytes, source);
  }

  fetchFailed(key: PartKey): void {
    this.partOf(key).fetching = undefined;
  }

  /** Nobody of these waits for peers at the start. */
  alone(): void {}

  setBuffer(aheadMs: number): void {
    this.aheadMs = aheadMs;
    this.aheadAtMs = this.nowMs;
  }

  activate(): void {
    // None of the baselines stands by.
  }

  setUploads(on: boolean): void {
    this.uploads = on;
  }

  close(): void {
    this.isClosed = true;
    for (const { link } of this.neighbours.values()) link.close();
    this.neighbours.clear();
  }

  protected partOf(key: PartKey): BaselinePart {
    const number = partNumber(key);
    const known = this.parts.get(number);
    if (known !== undefined) return known;
    const part: BaselinePart = {
      key,
      number,
      knownMs: this.nowMs,
      signed: undefined,
      pieces: [],
      missing: 0,
      bytes: undefined,
      early: [],
      isWanted: false,
      fetching: undefined,
    };
    this.parts.set(number, part);
    if (this.parts.size > KEPT_PARTS) {
      for (const oldest of this.parts.keys()) {
        this.parts.delete(oldest);
        break;
      }
    }
    return part;
  }

  protected fetch(part: BaselinePart, reason: FetchReason): void {
    if (part.bytes !== undefined || part.fetching !== undefined || this.options.fetches !== true) return;
    part.fetching = new AbortController();
    this.options.listener.fetch(part.key, reason, part.fetching.signal);
  }

  protected tell({ link }: N, frame: PeerFrame): void {
    const sizeBytes = frameSize(frame);
    if (frame.kind === "piece") this.#stats.bytes.uploaded += sizeBytes;
    else this.#stats.controlBytes += sizeBytes;
    link.send(frame);
  }

  /** Takes a header that is new, passes it on to `then`, and takes the pieces that overtook it. */
  protected takeHeader(signed: SignedHeader, then?: () => void): void {
    const part = this.partOf(signed.header);
    if (part.signed !== undefined) return;
    part.signed = signed;
    part.pieces = new Array<Bytes | undefined>(signed.pieces.length).fill(undefined);
    part.missing = signed.pieces.length;
    then?.();
    for (const { from, frame } of part.early.splice(0)) this.received(from as N, frame);
  }

  /** The part if the piece is new and proven; undefined otherwise, and then the sender may be gone. */
  protected takePiece(neighbour: N, { key, index, bytes }: PieceFrame): BaselinePart | undefined {
    const part = this.partOf(key);
    this.#stats.bytes.peer += bytes.byteLength;
    if (part.signed === undefined) {
      part.early.push({ from: neighbour, frame: { kind: "piece", key, index, bytes } });
      return undefined;
    }
    if (part.bytes !== undefined || part.pieces[index] !== undefined) {
      this.#stats.wastedBytes += bytes.byteLength;
      return undefined;
    }
    try {
      this.options.proof.piece(part.signed, index, bytes);
    } catch {
      this.#ban(neighbour);
      return undefined;
    }
    part.pieces[index] = bytes;
    part.missing -= 1;
    return part;
  }

  /** Once a piece was taken, and passed on: whether that makes the part whole. */
  protected checkWhole(part: BaselinePart): void {
    const { signed } = part;
    if (part.missing > 0 || signed === undefined || part.bytes !== undefined) return;
    const first = part.pieces[0]!;
    // The pieces of this world are views of one buffer, one after another.
    this.#finish(part, new Uint8Array(first.buffer, first.byteOffset, signed.header.sizeBytes), "peer");
  }

  protected pieceOf({ bytes, pieces }: BaselinePart, index: number): Bytes | undefined {
    return bytes?.subarray(index * PIECE_SIZE_BYTES, (index + 1) * PIECE_SIZE_BYTES) ?? pieces[index];
  }

  #finish(part: BaselinePart, bytes: Bytes, source: PartSource): void {
    part.bytes = bytes;
    part.pieces = [];
    part.fetching?.abort();
    part.fetching = undefined;
    this.#stats.parts[source] += 1;
    const delayMs = this.nowMs - part.knownMs;
    this.options.listener.part({ key: part.key, signed: part.signed!, bytes, source, delayMs });
    this.whole(part, source);
  }

  #ban(neighbour: N): void {
    this.#banned.add(neighbour.peer);
    this.#stats.bans.push({ peer: neighbour.peer, reason: "unproven" });
    this.options.listener.banned(neighbour.peer, "unproven piece");
    this.neighbours.delete(neighbour.peer);
    neighbour.link.close();
    this.lost(neighbour);
  }
}
