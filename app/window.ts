import type { Relay } from "eddy-hls";
import type Hls from "hls.js";

/** What a test or a curious person finds on `window`. */
export interface EddyHandle {
  readonly relay: Relay;
  /** The joined session of a watched stream; undefined while the media comes from this browser's own relay. */
  readonly session: undefined;
  /** Figures of the view that is shown, as plain data; undefined on the start page. */
  stats: (() => Readonly<Record<string, unknown>>) | undefined;
}

declare global {
  interface Window {
    eddy?: EddyHandle;
    hls?: Hls;
  }
}
