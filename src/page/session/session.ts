import type { RelayErrorCode } from "../../model/errors.ts";
import type { SessionFailure, SessionRole, SessionStats } from "./session-stats.ts";

/** Details of the events. */
export interface SessionEvents {
  /** Another tab leads, or this one does. */
  readonly role: { readonly role: SessionRole };
  /** Once a second, in each tab. */
  readonly stats: SessionStats;
  /** A connection to a peer, or the way to peers, failed; with why. In the leader's tab. */
  readonly failure: SessionFailure;
  /** A peer was caught lying. In the leader's tab. */
  readonly banned: { readonly peer: string; readonly reason: string };
  /** Nothing comes, and why; it is tried again. Without a code: it comes again. */
  readonly problem: { readonly code?: RelayErrorCode; readonly message: string };
  /** The source has ended the stream; what is kept of it stays. In the leader's tab. */
  readonly ended: Record<string, never>;
}

/** A stream that this browser takes from elsewhere, as one of its tabs sees it. Any player plays it from `relay.url(name)`. */
export interface Session {
  /** As it was joined. */
  readonly name: string;
  /** Which part this tab has now. */
  readonly role: SessionRole;
  /** As of the last second. */
  stats(): SessionStats;
  /**
   * Resolves once a player finds the stream at `relay.url(name)`; before that the playlist is not there (404), for as long as nobody sends it.
   * `deadlineMs` is 60,000 by default.
   * @throws RelayError `deadline`, `closed`; the reason of `signal` when it aborts
   */
  ready(options?: { readonly deadlineMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Looks at a player, so that what it has left decides how long a part may be waited for. Every tab does so for its own; the least
   * counts. Without one, parts are waited for as at the live edge. Returns how to stop.
   */
  attach(video: HTMLVideoElement): () => void;
  /** The person's answer to whether this browser may send parts to other viewers; it is remembered. Heard where `consent` is `"ask"`. */
  setConsent(given: boolean): void;
  /** Leaves the stream. Another tab that watches it goes on; resolves when it may. */
  close(): Promise<void>;
  /** Hears of what `SessionEvents` lists, in `event.detail`. */
  addEventListener<Name extends keyof SessionEvents>(
    type: Name,
    listener: (event: CustomEvent<SessionEvents[Name]>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  /** Takes a listener back. */
  removeEventListener<Name extends keyof SessionEvents>(
    type: Name,
    listener: (event: CustomEvent<SessionEvents[Name]>) => void,
    options?: EventListenerOptions | boolean,
  ): void;
}
