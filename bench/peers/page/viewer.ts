import Hls from "hls.js";
import { HlsJsP2PEngine } from "p2p-media-loader-hlsjs";
import "../../../e2e/playback-probe.ts";

/** What the address asks for: `?url=&mode=&tracker=`. */
const query = new URLSearchParams(location.search);
const url = query.get("url") ?? "";
const mode = query.get("mode") ?? "http";

const transferred = { peer: 0, origin: 0, uploaded: 0 };

declare global {
  interface Window {
    hls?: Hls;
  }
}

/** Three segments behind is where hls.js plays by itself; what is urgent must be less, or all comes over HTTP (its default is 15 s). */
const NEAR = { hls: { liveSyncDurationCount: 3 }, core: { highDemandTimeWindow: 3 } };

function player(): Hls {
  if (mode === "http") return new Hls();
  window.transferred = () => ({ ...transferred });
  const chosen = mode === "p2p-media-loader-near" ? NEAR : { hls: {}, core: {} };
  return new (HlsJsP2PEngine.injectMixin(Hls))({
    ...chosen.hls,
    p2p: {
      core: {
        announceTrackers: [query.get("tracker") ?? ""],
        rtcConfig: { iceServers: [] },
        swarmId: url,
        ...chosen.core,
      },
      onHlsJsCreated(hls) {
        hls.p2pEngine.addEventListener("onChunkDownloaded", (bytes, source) => {
          transferred[source === "p2p" ? "peer" : "origin"] += bytes;
        });
        hls.p2pEngine.addEventListener("onChunkUploaded", (bytes) => {
          transferred.uploaded += bytes;
        });
      },
    },
  });
}

const video = document.querySelector("video");
if (video === null) throw new Error("the page has no video element");
const hls = player();
window.hls = hls;
hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play());
hls.loadSource(url);
hls.attachMedia(video);
