import { openRelay } from "eddy-hls";
import Hls from "hls.js";

const relay = await openRelay({ worker: "/sw.js" });
const hls = new Hls({ lowLatencyMode: true });
hls.loadSource(relay.url("studio"));
hls.attachMedia(document.querySelector("video")!);
