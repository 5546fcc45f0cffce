import { openRelay, peers, publishCapture, startCapture } from "eddy-hls";
import { isName } from "eddy-hls/core";

/** In development the worker is its source; the build puts it where it may stay. */
const WORKER = import.meta.env.DEV ? "/src/sw.ts" : "/sw.js";

/** Publishes the test pattern, and resolves with the playlist that a player would play. */
async function publish(): Promise<string> {
  const relay = await openRelay({ worker: WORKER, scope: "/" });
  const capture = await startCapture({ source: { kind: "pattern" } });
  const live = await publishCapture({ relay, name: "blank", capture });
  const playlist = await (await fetch(relay.url("blank"))).text();
  await live.stop();
  relay.close();
  return playlist;
}

/** Joins with a signalling relay that is not there: all the code of peers is loaded and runs, and nobody comes. */
async function join(): Promise<string> {
  const relay = await openRelay({ worker: WORKER, scope: "/" });
  const signalling = { kind: "relay", urls: ["ws://localhost:9/"] } as const;
  const session = await relay.join("elsewhere", { peers: peers({ signalling }), integrity: "none" });
  const { role } = session.stats();
  await session.close();
  relay.close();
  return role;
}

Object.assign(window, { blank: { publish, join, isName } });
