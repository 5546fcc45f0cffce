import { openRelay, origin, peers } from "eddy-hls";
import Hls from "hls.js";

const video = document.querySelector("video")!;
const link = new URLSearchParams(location.search); // ?origin=<playlist>&headers=<npx eddy-hls sign>&key=<its fingerprint>
const relay = await openRelay({ worker: "/sw.js" });
const session = await relay.join("news", {
  origin: origin(link.get("origin")!, { signedHeaders: link.get("headers")! }),
  peers: peers({ upload: { consent: true } }),
  fingerprint: link.get("key")!,
});
await session.ready();
const hls = new Hls({ lowLatencyMode: true });
hls.loadSource(relay.url("news"));
hls.attachMedia(video);
session.attach(video);
