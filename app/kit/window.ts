import type { Relay, Seeding, Session } from "eddy-hls";
import type Hls from "hls.js";

/** What a test or a curious person finds on `window`. */
export interface EddyHandle {
  readonly relay: Relay;
  /** The joined session of a watched stream, or what a published one sends; undefined while all of it is this browser's own. */
  session: Session | Seeding | undefined;
  /** Figures of the view that is shown, as plain data; undefined on the start page. */
  stats: (() => Readonly<Record<string, unknown>>) | undefined;
}

declare global {
  interface Window {
    eddy?: EddyHandle;
    hls?: Hls;
  }
}
