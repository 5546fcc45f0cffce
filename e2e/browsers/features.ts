/** What the relay, the demo and the player ask of a browser. */
export interface Features {
  /** Names of interfaces and functions that are there. */
  readonly has: Readonly<Record<string, boolean>>;
  /** Of `MediaSource.isTypeSupported`. */
  readonly plays: Readonly<Record<string, boolean>>;
  /** Of `isConfigSupported` of the encoders of a worker, where capture runs. */
  readonly encodes: Readonly<Record<string, boolean>>;
}

/** Runs in a page. */
export async function probeFeatures(): Promise<Features> {
  const there = (path: string): boolean => {
    let at: unknown = globalThis;
    for (const name of path.split(".")) at = (at as Record<string, unknown> | null | undefined)?.[name];
    return at !== undefined && at !== null;
  };
  const names = [
    "navigator.serviceWorker",
    "navigator.locks",
    "navigator.storage.estimate",
    "navigator.storage.persist",
    "indexedDB",
    "caches",
    "MediaSource",
    "ManagedMediaSource",
    "VideoEncoder",
    "AudioEncoder",
    "VideoDecoder",
    "MediaStreamTrackProcessor",
    "OffscreenCanvas",
    "CompressionStream",
    "RTCPeerConnection",
    "WebTransport",
    "WebSocket",
  ];
  const types = ["avc1.42e01e", "vp09.00.30.08", "av01.0.04M.08"].map((codec) => `video/mp4; codecs="${codec}"`);
  const sounds = ["mp4a.40.2", "opus"].map((codec) => `audio/mp4; codecs="${codec}"`);
  const plays = Object.fromEntries(
    [...types, ...sounds].map((type) => [type, globalThis.MediaSource?.isTypeSupported(type) ?? false]),
  );

  // The worker that captures, not the page, encodes: what it has may differ.
  const probe = async (): Promise<void> => {
    const video = async (codec: string): Promise<boolean> => {
      const config = {
        codec,
        width: 640,
        height: 360,
        framerate: 30,
        bitrate: 700_000,
        latencyMode: "realtime" as const,
      };
      return (await VideoEncoder.isConfigSupported(config)).supported === true;
    };
    const audio = async (codec: string): Promise<boolean> => {
      const config = { codec, sampleRate: 48_000, numberOfChannels: 2, bitrate: 96_000 };
      return (await AudioEncoder.isConfigSupported(config)).supported === true;
    };
    const encodes: Record<string, boolean> = {};
    for (const codec of ["avc1.42e01e", "vp09.00.30.08", "av01.0.04M.08"])
      encodes[codec] = await video(codec).catch(() => false);
    for (const codec of ["mp4a.40.2", "opus"]) encodes[codec] = await audio(codec).catch(() => false);
    const inWorker = typeof Reflect.get(globalThis, "MediaStreamTrackProcessor") !== "undefined";
    postMessage({ encodes, inWorker });
  };
  const script = URL.createObjectURL(new Blob([`(${probe})()`], { type: "text/javascript" }));
  const worker = new Worker(script);
  const { encodes, inWorker } = await new Promise<{ encodes: Record<string, boolean>; inWorker: boolean }>(
    (resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve({ encodes: {}, inWorker: false }), 5_000);
    },
  );
  // It is left to the tab's end: WebKitGTK 2.50 crashes where a worker is terminated right after isConfigSupported().
  return {
    has: {
      ...Object.fromEntries(names.map((name) => [name, there(name)])),
      "MediaStreamTrackProcessor in a worker": inWorker,
    },
    plays,
    encodes,
  };
}
