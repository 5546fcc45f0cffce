import type { PeerId } from "../../wire/peer-frame.ts";
import type { PeerRoute } from "../peers/peer-route.ts";
import type { UploadBar } from "../peers/upload-bar.ts";

/**
 * `leader`: this tab runs the transports for all tabs of the browser. `follower`: another tab does. `local`: a page of this browser
 * publishes the stream itself, and nothing has to be fetched.
 */
export type SessionRole = "leader" | "follower" | "local";

/** Whether this browser sends anything to other viewers, or why not: the first of these that holds. */
export type UploadStanding = "on" | UploadBar;

/** A viewer that this browser is connected to. */
export interface SessionPeer {
  /** Names it for as long as it is there. */
  readonly peer: PeerId;
  /** Whether a TURN server stands between the two. Absent where the browser does not tell. */
  readonly route?: PeerRoute;
  /** Absent before it was measured. */
  readonly roundTripMs?: number;
  /** Bits per second, over the last seconds. */
  readonly receiveBps: number;
  /** Bits per second, over the last seconds. */
  readonly sendBps: number;
  /** Of media, since it is connected. */
  readonly receivedBytes: number;
  /** Of media, since it is connected. */
  readonly sentBytes: number;
  /** Of whole parts that came from it: from header to last piece, in ms. Absent before the first. */
  readonly partDelayMs?: number;
}

/** Why a connection could not be made, or broke. */
export interface SessionFailure {
  /** A `PeerFailureReason`, or `origin-numbers`: the origin's segments are numbered beyond what peers tell apart. */
  readonly reason: string;
  /** For who looks into it. */
  readonly message: string;
  /** Absent where it is the way to all of them. */
  readonly peer?: PeerId;
  /** Wall clock, in ms since the Unix epoch. */
  readonly atMs: number;
}

/** How this browser stands with the relay that a stream comes over. */
export interface SessionRelay {
  /** `waiting`: for the next attempt. */
  readonly state: "connecting" | "open" | "waiting";
  /** Without a token. */
  readonly url: string;
  /** Whichever answered first. */
  readonly transport?: "webtransport" | "websocket";
  /** As negotiated, such as `moq-lite-05`. */
  readonly version?: string;
  /** How long it took to connect, in ms. */
  readonly connectMs?: number;
  /** How often it was connected to. */
  readonly sessions: number;
  /** Tracks of media that come from there now: none while peers have all of it. */
  readonly subscriptions: number;
  /** Objects and catalogs that were not as they should be. */
  readonly refused: number;
  /** Why the last one was; absent while there is none. */
  readonly lastRefusal?: string;
}

/** What a session has done, as the leader counts it; followers are told. Plain data. */
export interface SessionStats {
  /** Which part this tab has. */
  readonly role: SessionRole;
  /** Wall clock of these figures, in ms since the Unix epoch; 0 while there are none yet. */
  readonly atMs: number;
  /** Media by where it came from; `page` is what a publishing page made itself. */
  readonly bytes: { readonly page: number; readonly peer: number; readonly origin: number };
  /** Whole parts by where they came from; `missed` came from nobody in time. */
  readonly parts: { readonly page: number; readonly peer: number; readonly origin: number; readonly missed: number };
  /** How often each byte of the stream was received, and sent to other viewers, on average. */
  readonly copies: { readonly received: number; readonly sent: number };
  /** Media that was sent to other viewers. */
  readonly uploadedBytes: number;
  /** Pieces that came twice. */
  readonly wastedBytes: number;
  /** What was sent to peers and is not media. */
  readonly controlBytes: number;
  /** Viewers that this browser is connected to. */
  readonly peers: readonly SessionPeer[];
  /** Peers that were caught lying, and how. */
  readonly bans: readonly { readonly peer: PeerId; readonly reason: string }[];
  /** The last ones, of peers and of the way to them. */
  readonly failures: readonly SessionFailure[];
  /** Whether anything is sent to other viewers, or why not. */
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
