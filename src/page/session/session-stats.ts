import type { PeerId } from "../../wire/peer-frame.ts";

/**
 * `leader`: this tab runs the transports for all tabs of the browser. `follower`: another tab does. `local`: a page of this browser
 * publishes the stream itself, and nothing has to be fetched.
 */
export type SessionRole = "leader" | "follower" | "local";

/** Whether this browser sends anything to other viewers, or why not: the first of these that holds. */
export type UploadStanding =
  | "on"
  | "off"
  | "receive-only"
  | "no-consent"
  | "save-data"
  | "metered"
  | "background"
  | "monthly-cap";

export interface SessionPeer {
  readonly peer: PeerId;
  readonly roundTripMs?: number;
  /** Bits per second, over the last seconds. */
  readonly receiveBps: number;
  readonly sendBps: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Of whole parts that came from it: from header to last piece. */
  readonly partDelayMs?: number;
}

/** Why a connection could not be made, or broke. */
export interface SessionFailure {
  readonly reason: string;
  readonly message: string;
  readonly peer?: PeerId;
  /** Wall clock, in ms since the Unix epoch. */
  readonly atMs: number;
}

/** How this browser stands with the relay that a stream comes over. */
export interface SessionRelay {
  readonly state: "connecting" | "open" | "waiting";
  /** Without a token. */
  readonly url: string;
  /** Whichever answered first. */
  readonly transport?: "webtransport" | "websocket";
  /** As negotiated, such as `moq-lite-05`. */
  readonly version?: string;
  /** How long it took to connect. */
  readonly connectMs?: number;
  /** How often it was connected to. */
  readonly sessions: number;
  /** Tracks of media that come from there now: none while peers have all of it. */
  readonly subscriptions: number;
  /** Objects and catalogs that were not as they should be. */
  readonly refused: number;
  readonly lastRefusal?: string;
}

/** What a session has done, as the leader counts it; followers are told. Plain data. */
export interface SessionStats {
  readonly role: SessionRole;
  /** Wall clock of these figures, in ms since the Unix epoch; 0 while there are none yet. */
  readonly atMs: number;
  /** Media by where it came from; `page` is what a publishing page made itself. */
  readonly bytes: { readonly page: number; readonly peer: number; readonly origin: number };
  readonly parts: { readonly page: number; readonly peer: number; readonly origin: number; readonly missed: number };
  /** How often each byte of the stream was received, and sent to other viewers, on average. */
  readonly copies: { readonly received: number; readonly sent: number };
  readonly uploadedBytes: number;
  /** Pieces that came twice, and what is not media. */
  readonly wastedBytes: number;
  readonly controlBytes: number;
  readonly peers: readonly SessionPeer[];
  readonly bans: readonly { readonly peer: PeerId; readonly reason: string }[];
  /** The last ones. */
  readonly failures: readonly SessionFailure[];
  readonly upload: UploadStanding;
  /** The way to other viewers. Connections that are there live on without it. */
  readonly signalling: "off" | "open" | "lost" | "hidden";
  /** Who were there to be found when the stream was joined, where that is known. */
  readonly audience?: number;
  /** Peers cost stalls, and are not waited for at the moment. */
  readonly distrusted: boolean;
  /** Parts that the worker refused. */
  readonly refused: number;
  /** Where a stream comes over a relay. */
  readonly relay?: SessionRelay;
  /** Why nothing comes, where that is known. */
  readonly problem?: { readonly code: string; readonly message: string };
}

export const NO_STATS: SessionStats = {
  role: "follower",
  atMs: 0,
  bytes: { page: 0, peer: 0, origin: 0 },
  parts: { page: 0, peer: 0, origin: 0, missed: 0 },
  copies: { received: 0, sent: 0 },
  uploadedBytes: 0,
  wastedBytes: 0,
  controlBytes: 0,
  peers: [],
  bans: [],
  failures: [],
  upload: "off",
  signalling: "off",
  distrusted: false,
  refused: 0,
};
