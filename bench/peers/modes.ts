/** What is measured beside each other, by the words of the table. */
export interface Mode {
  readonly id: string;
  readonly name: string;
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

function viewer(id: string, name: string, playlist: "url" | "plainUrl" = "url"): Mode {
  return {
    id,
    name,
    page: (at) => `${VIEWER}?${new URLSearchParams({ mode: id, url: at[playlist], tracker: at.tracker })}`,
  };
}

export const MODES: readonly Mode[] = [
  viewer("http", "hls.js alone"),
  viewer("p2p-media-loader", "p2p-media-loader, LL-HLS"),
  viewer("p2p-media-loader-near", "p2p-media-loader, HLS of whole segments, three behind", "plainUrl"),
  viewer("p2p-media-loader-own", "p2p-media-loader, HLS of whole segments, its own settings", "plainUrl"),
  {
    id: "eddy",
    name: "Eddy, LL-HLS, every part proven",
    page: ({ url, headers, key, signal }) =>
      `/?${new URLSearchParams({ watch: "studio", origin: url, headers, key, peers: "on", signal })}`,
  },
];
