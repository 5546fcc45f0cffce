import { openRelay } from "eddy-hls";
import videojs from "video.js";
import "video.js/dist/video-js.css";

const relay = await openRelay({ worker: "/sw.js" });
const player = videojs(document.querySelector("video")!, { liveui: true, html5: { vhs: { overrideNative: true } } });
player.src({ src: relay.url("studio"), type: "application/x-mpegURL" });
