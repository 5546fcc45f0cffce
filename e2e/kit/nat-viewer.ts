import { openRelay, origin, type PeersOptions, peers, type Session } from "eddy-hls";
import Hls from "hls.js";

export interface Watched {
  readonly url: string;
  readonly headers: string;
  readonly fingerprint: string;
  readonly peers: PeersOptions;
}

/** Joins a stream of an origin and peers, and plays it. */
async function watch({ url, headers, fingerprint, peers: options }: Watched): Promise<void> {
  const relay = await openRelay();
  const source = origin(url, { signedHeaders: headers });
  const session = await relay.join("studio", { origin: source, peers: peers(options), fingerprint });
  window.session = session;
  const video = document.querySelector("video");
  if (video === null) throw new Error("the page has no video element");
  await session.ready();
  const hls = new Hls({ lowLatencyMode: true });
  window.hls = hls;
  hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play());
  hls.loadSource(relay.url("studio"));
  hls.attachMedia(video);
  session.attach(video);
}

declare global {
  interface Window {
    watch: typeof watch;
    session?: Session;
  }
}
window.watch = watch;
