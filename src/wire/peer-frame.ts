import type { Bytes } from "../model/bytes.ts";
import type { Digest, PartKey, SignedHeader } from "../model/part-header.ts";

/** Version of the frames between peers; a peer that speaks another is let go with `bye`. */
export const PEER_VERSION = 1;

/** Most bytes of one frame: what a data channel takes in one message everywhere. */
export const MAX_FRAME_BYTES = 64 * 1024;

/** 1 to 32 of `A-Z a-z 0-9 _ -`, as the transport names a peer. */
export type PeerId = string;

/** Whole parts of one rendition, first and last included, in the order of `partNumber()`. */
export interface HaveRange {
  readonly first: { readonly msn: number; readonly part: number };
  readonly last: { readonly msn: number; readonly part: number };
}

/** One of the peers that ask the origin first, known throughout the swarm. */
export interface RootEntry {
  readonly peer: PeerId;
  /** Grows while that peer is there; who has not heard it grow for long drops it. */
  readonly beat: number;
}

export type ByeReason = "leaving" | "full" | "version" | "other-stream" | "bad-frame" | "banned" | "idle" | "policy";

/** What one peer says to another, one frame in one message. */
export type PeerFrame =
  | {
      readonly kind: "hello";
      readonly version: number;
      readonly peer: PeerId;
      /** First 16 bytes of SHA-256 over the stream's identity (key fingerprint, or origin URL): another stream is refused. */
      readonly stream: Bytes;
      /** Uploads at all. A leaf (behind a NAT that lets nobody in, metered, receive-only) does not. */
      readonly uploads: boolean;
      /** Is the publisher. */
      readonly source: boolean;
      /** Can ask the origin. */
      readonly fetches: boolean;
    }
  /** The stream's card, encoded and signed as `proof` defines; again whenever it changed. */
  | { readonly kind: "card"; readonly bytes: Bytes }
  /** Whole, verified parts that can be asked for. `hops`: of the newest, from the source. */
  | { readonly kind: "have"; readonly rendition: number; readonly hops: number; readonly ranges: readonly HaveRange[] }
  /** A part begins to arrive here: its pieces can be asked for, and follow by themselves where they were subscribed to. */
  | { readonly kind: "header"; readonly hops: number; readonly signed: SignedHeader }
  | { readonly kind: "piece"; readonly key: PartKey; readonly index: number; readonly bytes: Bytes }
  /** Asks for pieces `first` to `first + count - 1`; the header comes first unless `known`. `withinMs`: of use until then. */
  | {
      readonly kind: "request";
      readonly key: PartKey;
      readonly first: number;
      readonly count: number;
      readonly known: boolean;
      readonly withinMs: number;
    }
  /** Whoever is asked has not, or cannot in time. */
  | { readonly kind: "refuse"; readonly key: PartKey }
  /** Sends what of this part is still to come no more. */
  | { readonly kind: "cancel"; readonly key: PartKey }
  /** Push to me the pieces whose `(msn + part + index) % of` is a bit that is set in `substreams`; 0 ends it. */
  | { readonly kind: "subscribe"; readonly substreams: number; readonly of: number }
  /** What is pushed to the receiver from now on (the answer to `subscribe`, and again when it changes), and what else could be. */
  | {
      readonly kind: "offer";
      /** What the receiver asked for, as far as the sender has heard; and of that, what it gets. */
      readonly asked: number;
      readonly substreams: number;
      /** Sub-streams that somebody could yet subscribe to. */
      readonly free: number;
      /** Bits per second that the sender uploads at most, as far as it knows. */
      readonly uplinkBps: number;
      /**
       * About how many milliseconds after the source the sender passes each sub-stream on; as many as there are sub-streams, 65535 where
       * it gets none.
       */
      readonly delaysMs: readonly number[];
      /** The source's last beat that came down each sub-stream: what comes without one leads nowhere. */
      readonly beats: readonly number[];
    }
  /** No more is sent until it is taken back: out of upload. */
  | { readonly kind: "choke"; readonly on: boolean }
  | { readonly kind: "init-request"; readonly digest: Digest }
  | { readonly kind: "init"; readonly digest: Digest; readonly bytes: Bytes }
  | { readonly kind: "ping"; readonly token: number }
  | { readonly kind: "pong"; readonly token: number }
  | { readonly kind: "roots"; readonly entries: readonly RootEntry[] }
  | { readonly kind: "bye"; readonly reason: ByeReason };
