import { openRelay, peers, publishCapture, startCapture } from "/eddy-hls/browser/eddy-hls.js";
import { isName } from "/eddy-hls/src/core.js";

const open = () => openRelay({ worker: "/plain-sw.js", type: "classic" });

async function publish() {
  const relay = await open();
  const capture = await startCapture({ source: { kind: "pattern" } });
  const live = await publishCapture({ relay, name: "blank", capture });
  const playlist = await (await fetch(relay.url("blank"))).text();
  await live.stop();
  relay.close();
  return playlist;
}

async function join() {
  const relay = await open();
  const signalling = { kind: "relay", urls: ["ws://localhost:9/"] };
  const session = await relay.join("elsewhere", { peers: peers({ signalling }), integrity: "none" });
  const { role } = session.stats();
  await session.close();
  relay.close();
  return role;
}

Object.assign(window, { blank: { publish, join, isName } });
