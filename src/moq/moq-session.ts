import type { Bytes } from "../model/bytes.ts";

/** One object as it came. */
export interface MoqObject {
  /** Of its group, from 0, without a hole. */
  readonly index: number;
  readonly bytes: Bytes;
}

/** A group that is being received. Objects come in order. */
export interface MoqGroup {
  readonly sequence: number;
  /** Undefined when the group has ended. Rejects where its end was lost. */
  next(): Promise<MoqObject | undefined>;
  close(): void;
}

/** A subscription. Groups come in the order of their arrival, each once. */
export interface MoqTrack {
  /** Undefined when the track has ended. Rejects where the relay refuses or drops it. */
  next(): Promise<MoqGroup | undefined>;
  close(): void;
}

export interface SubscribeOptions {
  /** 0 to 255: more comes first. */
  readonly priority: number;
  /** The first group that is wanted, where the relay has it still. Default: the newest. */
  readonly from?: number;
}

/** What one publisher sends under one name. */
export interface MoqBroadcast {
  subscribe(track: string, options: SubscribeOptions): MoqTrack;
  /** One group of the past. Rejects where the version has no FETCH, or nobody has the group. */
  fetch(track: string, group: number): Promise<MoqGroup>;
  /** Resolves when the publisher is gone, or begins anew. */
  readonly closed: Promise<void>;
  close(): void;
}

/** A group that is being sent. */
export interface MoqGroupWriter {
  write(bytes: Bytes): void;
  close(): void;
}

/** A track that is being sent. Who subscribes gets the newest group from its start. */
export interface MoqTrackWriter {
  /** Sequences grow. */
  openGroup(sequence: number): MoqGroupWriter;
  close(): void;
}

/** The tracks of a broadcast that is sent; they outlive the sessions that they are sent over. */
export interface MoqOutlet {
  openTrack(name: string, priority: number): MoqTrackWriter;
  close(): void;
}

export type MoqTransport = "webtransport" | "websocket";

/** A connection to a relay, in whichever version of moq-lite or moq-transport was agreed on. */
export interface MoqSession {
  /** Without a token. */
  readonly relay: string;
  /** As negotiated, such as `moq-lite-05` or `moq-transport-17`. */
  readonly version: string;
  readonly transport: MoqTransport;
  /** Whether groups of the past can be had. */
  readonly canFetch: boolean;
  /** Resolves when the session is over, whoever ended it. */
  readonly closed: Promise<void>;
  /** Resolves once somebody publishes `name`; at once where the relay announces nothing. Rejects with the signal's reason, or with the session. */
  watch(name: string, signal: AbortSignal): Promise<MoqBroadcast>;
  /** Until the session ends. */
  publish(name: string, outlet: MoqOutlet): void;
  close(): void;
}

/** Opens a session with one relay. @throws RelayError `relay-unreachable`, `version-mismatch`; the signal's reason */
export type MoqConnect = (signal: AbortSignal) => Promise<MoqSession>;
