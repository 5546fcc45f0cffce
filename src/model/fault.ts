/**
 * Something that goes wrong on purpose, where a stream is fed, so that one sees it survive. `gap`: the next part is lost, in every
 * rendition. `discontinuity`: the next part begins a new timeline, as far as playlists say. `offline`: nothing comes from origin, relay and peers, and
 * nothing goes to them, for a while. `slow-peer`: what comes from one peer comes later, for a while.
 */
export type Fault =
  | { readonly kind: "gap" }
  | { readonly kind: "discontinuity" }
  | { readonly kind: "offline"; readonly durationMs: number }
  | { readonly kind: "slow-peer"; readonly peer: string; readonly delayMs: number; readonly durationMs: number };

/** Longest time for which anything goes wrong on purpose, in ms. */
export const MAX_FAULT_MS = 60_000;
