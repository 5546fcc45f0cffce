import { openRelay, origin, peers, publishCapture, startCapture } from "eddy-hls";
import Hls from "hls.js";

const query = new URLSearchParams(location.search);
const signal = query.get("signal") ?? "";
const shared = () =>
  peers({ signalling: { kind: "relay", urls: [signal] }, iceServers: [], upload: { consent: true } });
const relay = await openRelay();
const publish = query.get("publish");
if (publish !== null) {
  const capture = await startCapture({ source: { kind: "pattern" }, partTargetMs: 333, audio: true });
  const { publisher } = await publishCapture({ relay, name: publish, capture, peers: shared() });
  const seeding = publisher.seeding;
  Object.assign(window, { eddy: { relay, session: seeding, fingerprint: seeding?.fingerprint } });
} else {
  const name = query.get("watch") ?? "";
  const key = query.get("key");
  const url = query.get("origin");
  const sign = query.get("sign");
  const session = await relay.join(name, {
    ...(query.get("peers") === "off" ? {} : { peers: shared() }),
    ...(url === null ? {} : { origin: origin(url, sign === null ? {} : { signedHeaders: sign }) }),
    ...(key === null ? { integrity: "none" as const } : { fingerprint: key }),
  });
  const video = document.querySelector("video") as HTMLVideoElement;
  session.attach(video);
  session.addEventListener("problem", ({ detail }) => console.log("problem", JSON.stringify(detail)));
  session.addEventListener("failure", ({ detail }) => console.log("failure", JSON.stringify(detail)));
  Object.assign(window, { eddy: { relay, session } });
  const hls = new Hls({ maxLiveSyncPlaybackRate: 1.5 });
  Object.assign(window, { hls });
  hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play());
  hls.on(Hls.Events.ERROR, (_, { fatal, details, error }) => {
    console.log("hls", fatal, details, error.message);
    if (fatal) setTimeout(() => hls.loadSource(relay.url(name)), 500);
  });
  hls.attachMedia(video);
  hls.loadSource(relay.url(name));
}
