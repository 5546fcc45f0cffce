import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { StreamOptions } from "../model/options.ts";
import { MAX_PARTS_PER_SEGMENT, partNumber, type SignedHeader } from "../model/part-header.ts";
import { encodeSignedHeader } from "../wire/part-header-codec.ts";
import { GAP_OBJECT } from "./header-pairs.ts";
import type { MoqGroupWriter, MoqOutlet, MoqTrackWriter } from "./moq-session.ts";
import { CARD_TRACK, headersTrack, MSF_CATALOG_TRACK, writeMsfCatalog } from "./msf-catalog.ts";

/** What is to be known first comes first; then sound, whose loss is heard at once. */
const PRIORITY = { catalog: 250, headers: 200, sound: 150, picture: 100 } as const;

interface Lane {
  readonly media: Segments;
  readonly headers: Segments;
  last: number;
}

/**
 * Puts a signed stream on the tracks of one broadcast: a track for each rendition, where a group is a segment and an object a part, beside
 * it one of signed headers, and one of the card. It knows no session: tracks are sent to whoever is connected.
 * @see draft-ietf-moq-cmsf
 */
export class MoqBroadcaster {
  readonly #options: StreamOptions;
  readonly #lanes: readonly Lane[];
  readonly #inits: (Bytes | undefined)[];
  readonly #catalog: Snapshots;
  readonly #card: Snapshots;
  readonly #outlet: MoqOutlet;
  #sizeBytes = 0;
  #parts = 0;

  constructor(options: StreamOptions, outlet: MoqOutlet, clock: Clock) {
    this.#options = options;
    this.#outlet = outlet;
    this.#lanes = options.renditions.map(({ id, kind }) => ({
      media: new Segments(outlet.openTrack(id, kind === "audio" ? PRIORITY.sound : PRIORITY.picture)),
      headers: new Segments(outlet.openTrack(headersTrack(id), PRIORITY.headers)),
      last: -1,
    }));
    this.#inits = options.renditions.map(() => undefined);
    // A page that is loaded again must not use numbers that a relay knows.
    const first = Math.floor(clock.wallMs());
    this.#catalog = new Snapshots(outlet.openTrack(MSF_CATALOG_TRACK, PRIORITY.catalog), first);
    this.#card = new Snapshots(outlet.openTrack(CARD_TRACK, PRIORITY.catalog), first);
  }

  /** What one copy of all media takes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get parts(): number {
    return this.#parts;
  }

  /** As a card frame carries it (`signCard()`). */
  card(bytes: Bytes): void {
    this.#card.write(bytes);
  }

  /** The init segment of the parts that follow. `rendition`: its index. */
  init(rendition: number, bytes: Bytes): void {
    this.#inits[rendition] = bytes;
    const tracks = this.#options.renditions.map((one, index) => ({ rendition: one, init: this.#inits[index] }));
    this.#catalog.write(writeMsfCatalog(tracks));
  }

  /** Parts of a rendition come in order; one that is older is left out. `bytes` must not change. */
  part(signed: SignedHeader, bytes: Bytes): void {
    const { header } = signed;
    const lane = this.#lanes[header.rendition];
    const number = partNumber(header);
    if (lane === undefined || number <= lane.last || header.part >= MAX_PARTS_PER_SEGMENT) return;
    lane.last = number;
    lane.headers.write(header.msn, header.part, encodeSignedHeader(signed), EMPTY);
    lane.media.write(header.msn, header.part, header.gap ? GAP_OBJECT : bytes, GAP_OBJECT);
    this.#sizeBytes += bytes.byteLength;
    this.#parts += 1;
  }

  /** Ends all tracks. */
  close(): void {
    for (const { media, headers } of this.#lanes) {
      media.close();
      headers.close();
    }
    this.#catalog.close();
    this.#card.close();
    this.#outlet.close();
  }
}

/** Stands in the place of a header that nobody made. */
const EMPTY: Bytes = Uint8Array.of(0);

/** A track whose groups are segments. */
class Segments {
  readonly #track: MoqTrackWriter;
  #group: { readonly msn: number; readonly writer: MoqGroupWriter; next: number } | undefined;

  constructor(track: MoqTrackWriter) {
    this.#track = track;
  }

  /** Objects are numbered by their order alone: `filler` stands for those that are missing before this one. */
  write(msn: number, part: number, bytes: Bytes, filler: Bytes): void {
    let group = this.#group;
    if (group?.msn !== msn) {
      group?.writer.close();
      group = { msn, writer: this.#track.openGroup(msn), next: 0 };
      this.#group = group;
    }
    for (; group.next < part; group.next++) group.writer.write(filler);
    group.writer.write(bytes);
    group.next += 1;
  }

  close(): void {
    this.#group?.writer.close();
    this.#track.close();
  }
}

/** A track whose newest group is all there is to know: one object each. */
class Snapshots {
  readonly #track: MoqTrackWriter;
  #sequence: number;

  constructor(track: MoqTrackWriter, firstSequence: number) {
    this.#track = track;
    this.#sequence = firstSequence;
  }

  write(bytes: Bytes): void {
    const group = this.#track.openGroup(this.#sequence++);
    group.write(bytes);
    group.close();
  }

  close(): void {
    this.#track.close();
  }
}
