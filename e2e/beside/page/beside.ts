import {
  type LivePublication,
  type OpenRelayOptions,
  openRelay,
  type PeersOptions,
  peers,
  publishCapture,
  type Relay,
  RelayError,
  startCapture,
} from "eddy-hls";
import Hls from "hls.js";

// What a site does with the library that has other things in it too. Tests call it; nothing happens by itself.

let relay: Relay | undefined;
let live: LivePublication | undefined;

/** Resolves with what went wrong, by its code. */
async function open(options: OpenRelayOptions): Promise<string> {
  try {
    relay = await openRelay({ type: "classic", ...options });
    return "open";
  } catch (error) {
    if (error instanceof RelayError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function opened(): Relay {
  if (relay === undefined) throw new Error("the relay has not been opened");
  return relay;
}

/** The pattern, small and without sound; resolves with the first part that the worker has taken. */
async function publish(name: string, sharing?: PeersOptions): Promise<string> {
  try {
    const capture = await startCapture({
      source: { kind: "pattern", width: 320, height: 180 },
      audio: false,
      partTargetMs: 200,
      targetDurationMs: 1000,
    });
    const source = sharing === undefined ? {} : { peers: peers(sharing) };
    live = await publishCapture({ relay: opened(), name, capture, ...source });
    return "live";
  } catch (error) {
    if (error instanceof RelayError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Plays what the relay has under this name; resolves with how far it has come once pictures move. */
async function play(name: string, url = opened().url(name)): Promise<number> {
  const video = document.querySelector("video");
  if (video === null) throw new Error("there is no video element");
  const hls = new Hls();
  const broken = new Promise<never>((_, reject) => {
    hls.on(Hls.Events.ERROR, (_event, { fatal, details, error }) => {
      if (fatal) reject(new Error(`${details}: ${error.message}`));
    });
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  const moving = (async () => {
    await video.play();
    for (let pictures = 0; pictures < 10; pictures++)
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    return video.currentTime;
  })();
  return Promise.race([moving, broken]);
}

const beside = {
  open,
  publish,
  play,
  stop: async () => live?.stop(),
  streams: async () => (await opened().streams()).map(({ name, state }) => `${name} ${state}`),
  remove: (name: string) => opened().remove(name),
  hash: async (name: string, rendition: string) => {
    const { last } = (await opened().stats(name)).renditionStats[0] ?? {};
    return last === undefined ? undefined : opened().diagnostics.hash(name, rendition, 0);
  },
  listed: async (name: string) => (await opened().stats(name)).renditionStats[0]?.segments ?? 0,
};

declare global {
  interface Window {
    beside: typeof beside;
  }
}
window.beside = beside;
