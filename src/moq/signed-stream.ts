import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { StreamCard } from "../model/part-header.ts";
import { type CarriedPart, HeaderPairs } from "./header-pairs.ts";
import type { WantedTrack } from "./moq-watch.ts";
import { headersTrack } from "./msf-catalog.ts";
import type { TrackListener } from "./track-reader.ts";

const PRIORITY = { headers: 200, sound: 150, picture: 100 } as const;

export interface SignedStreamOptions {
  readonly card: StreamCard;
  /** Indices of the renditions that are followed. */
  readonly renditions: readonly number[];
  /** Segments before the one under way that are wanted at the start. */
  readonly back: number;
  /** The segment in which a rendition was left. */
  readonly from: (rendition: number) => number | undefined;
  /** A header of a part came; whether it is true is not known. */
  readonly announced: (part: { readonly rendition: number; readonly msn: number; readonly part: number }) => void;
  /** What has not come of this segment by now will not. */
  readonly lost: (rendition: number, msn: number) => void;
  /** Once for each part; whether it is true is not known. */
  readonly part: (part: CarriedPart) => void;
  readonly refused: (error: RelayError) => void;
}

/** The tracks of one epoch of a publisher of ours, and what comes of them. */
export class SignedStream {
  readonly #options: SignedStreamOptions;
  readonly #headers: readonly WantedTrack[];
  readonly #media: readonly WantedTrack[];

  constructor(options: SignedStreamOptions) {
    const { card, renditions, from, back } = options;
    this.#options = options;
    const lanes = renditions.map((index) => ({
      index,
      pairs: new HeaderPairs(index, card.epoch),
      rendition: card.options.renditions[index],
    }));
    this.#headers = lanes.map(({ index, pairs, rendition }) => ({
      name: headersTrack(rendition?.id ?? ""),
      priority: PRIORITY.headers,
      from: () => from(index),
      back,
      listener: this.#listener(index, (group, at, bytes) => this.#header(index, pairs, { group, at, bytes })),
    }));
    this.#media = lanes.map(({ index, pairs, rendition }) => ({
      name: rendition?.id ?? "",
      priority: rendition?.kind === "audio" ? PRIORITY.sound : PRIORITY.picture,
      from: () => from(index),
      back,
      listener: this.#listener(index, (group, at, bytes) => pairs.media(group, at, bytes)),
    }));
  }

  /** Where `media` is false only the headers are. */
  tracks(media: boolean): readonly WantedTrack[] {
    return media ? [...this.#headers, ...this.#media] : this.#headers;
  }

  #header(
    rendition: number,
    pairs: HeaderPairs,
    { group, at, bytes }: { readonly group: number; readonly at: number; readonly bytes: Bytes },
  ): CarriedPart | undefined {
    // What stands in the place of a header that nobody made.
    if (bytes.byteLength <= 1) return undefined;
    const part = pairs.header(group, at, bytes);
    this.#options.announced({ rendition, msn: group, part: at });
    return part;
  }

  #listener(
    rendition: number,
    take: (group: number, index: number, bytes: Bytes) => CarriedPart | undefined,
  ): TrackListener {
    const { part, refused, lost } = this.#options;
    return {
      object: (group, index, bytes) => {
        try {
          const carried = take(group, index, bytes);
          if (carried !== undefined) part(carried);
        } catch (thrown) {
          refused(RelayError.from(thrown));
        }
      },
      groupEnded: () => undefined,
      groupLost: (group) => lost(rendition, group),
      refused,
    };
  }
}
