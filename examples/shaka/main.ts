import { openRelay } from "eddy-hls";
import shaka from "shaka-player";

const relay = await openRelay({ worker: "/sw.js" });
shaka.polyfill.installAll();
const player = new shaka.Player();
await player.attach(document.querySelector("video")!);
// It resolves what the playlist names against this address, which must be absolute.
await player.load(new URL(relay.url("studio"), location.href).href);
