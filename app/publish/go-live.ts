import { type Capture, publishCapture, type Relay, startCapture } from "eddy-hls";
import type { PublishAddress } from "../address.ts";
import { peersFrom, relayFrom } from "../kit/join-sources.ts";
import { AppError } from "../kit/messages.ts";
import { readPreferences } from "../kit/preferences.ts";
import { CaptureTap } from "./capture-tap.ts";
import type { LiveSessionOptions } from "./live-session.ts";
import { captureSource, type PublishSettings } from "./publish-settings.ts";
import { type Quality, renditionsOf } from "./quality.ts";
import { routeOf } from "./sharing.ts";

export interface GoLiveOptions {
  readonly settings: PublishSettings;
  /** The camera or screen that has been looked at; freed where the stream does not begin. */
  readonly granted: MediaStream | undefined;
  readonly address: PublishAddress;
  readonly relay: Promise<Relay>;
  readonly signal: AbortSignal;
}

/** From what a person chose to a stream that is live. @throws RelayError, AppError, or the reason of `signal` */
export async function goLive(
  options: GoLiveOptions,
): Promise<Pick<LiveSessionOptions, "publication" | "tap" | "relay">> {
  const { settings, granted, address, signal } = options;
  const { name, source, quality, partTargetMs, sharing } = settings;
  let capture: Capture | undefined;
  try {
    const from = captureSource(source, granted);
    // First, because a browser shares a screen only right after a click.
    if (granted !== undefined) await fitTo(granted, quality);
    const renditions = renditionsOf(quality, source.kind);
    const started = startCapture({
      source: from,
      audio: source.audio,
      partTargetMs,
      signal,
      ...(renditions === undefined ? {} : { renditions }),
    });
    capture = await Promise.race([started, aborted(signal)]);
    const relay = await options.relay;
    signal.throwIfAborted();
    await expectNoRecording(relay, name);
    const tap = new CaptureTap(capture);
    const preferences = readPreferences();
    const route = routeOf(sharing, address, preferences);
    const uplink = relayFrom(route);
    const publication = await publishCapture({
      relay,
      name,
      capture: tap.capture,
      signal,
      // Who lets others watch has agreed to send.
      ...(sharing.peers ? { peers: peersFrom({ peers: "on", ...route }, "send") } : {}),
      ...(uplink === undefined ? {} : { uplink }),
    });
    return { publication, tap, relay };
  } catch (thrown) {
    await capture?.stop().catch(() => undefined); // it never went live; what stopped the start is what counts
    for (const track of granted?.getTracks() ?? []) track.stop();
    throw thrown;
  }
}

/** What was looked at was asked for before the quality was chosen. */
async function fitTo(stream: MediaStream, { height, frameRate }: Quality): Promise<void> {
  if (height === 0 && frameRate === 0) return;
  const [video] = stream.getVideoTracks();
  const size = height === 0 ? {} : { height: { ideal: height }, width: { ideal: Math.round((height * 16) / 9) } };
  // A device that gives nothing nearer is encoded as it is.
  await video
    ?.applyConstraints({ ...size, ...(frameRate === 0 ? {} : { frameRate: { ideal: frameRate } }) })
    .catch(() => undefined);
}

/** Rejects when `signal` aborts: a question of the browser (may this page use the camera?) cannot be taken back. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** A stream that was ended is over: another one of its name takes its place, and what is kept of it with that. */
async function expectNoRecording(relay: Relay, name: string): Promise<void> {
  const found = (await relay.streams()).find((stream) => stream.name === name);
  if (found?.state !== "ended" || found.kept === undefined) return;
  throw new AppError("name-kept", `expected a name that is free, got "${name}", of which a recording is kept`);
}
