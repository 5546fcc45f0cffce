import { openRelay } from "eddy-hls";
import Hls from "hls.js";

const relay = await openRelay({ worker: "/sw.js" });
const hls = new Hls({ startPosition: 0 }); // the first moment that is kept
hls.loadSource(relay.url("studio", { dvr: true }));
hls.attachMedia(document.querySelector("video")!);
await navigator.storage.persist(); // or the browser may drop it when it needs room
