/** What is measured beside each other, by the words of the table. */
export interface Mode {
  readonly id: string;
  readonly name: string;
  /** How much of the stream is there before the first viewer comes: who stays far behind needs something to start with. */
  readonly prerollMs: number;
  /** Path and query of a viewer's page. */
  page(at: Address): string;
}

export interface Address {
  /** Of the Multivariant Playlist, with and without parts. */
  readonly url: string;
  readonly plainUrl: string;
  readonly tracker: string;
  readonly signal: string;
  /** Of the signed headers beside the origin, and of their key. */
  readonly headers: string;
  readonly key: string;
}

/** Where `bundlePage()` puts the viewers' page. */
export const VIEWER = "/bench/peers/page/viewer.html";

const LOW_LATENCY = { prerollMs: 6_000, playlist: "url" } as const;
const NEAR = { prerollMs: 12_000, playlist: "plainUrl" } as const;
const FAR = { prerollMs: 30_000, playlist: "plainUrl" } as const;

function viewer(
  id: string,
  name: string,
  { prerollMs, playlist }: { prerollMs: number; playlist: "url" | "plainUrl" },
): Mode {
  return {
    id,
    name,
    prerollMs,
    page: (at) => `${VIEWER}?${new URLSearchParams({ mode: id, url: at[playlist], tracker: at.tracker })}`,
  };
}

export const MODES: readonly Mode[] = [
  viewer("http", "hls.js alone", LOW_LATENCY),
  viewer("p2p-media-loader", "p2p-media-loader, LL-HLS", LOW_LATENCY),
  viewer("p2p-media-loader-near", "p2p-media-loader, HLS of whole segments, three behind", NEAR),
  viewer("p2p-media-loader-own", "p2p-media-loader, HLS of whole segments, its own settings", FAR),
  {
    id: "eddy",
    name: "Eddy, LL-HLS, every part proven",
    prerollMs: LOW_LATENCY.prerollMs,
    page: ({ url, headers, key, signal }) =>
      `/?${new URLSearchParams({ watch: "studio", origin: url, headers, key, peers: "on", signal })}`,
  },
];
