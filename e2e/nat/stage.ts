import { serveSignal } from "../../src/node/signal-server.ts";
import { type FfmpegOrigin, startFfmpegOrigin } from "../ffmpeg-origin.ts";
import { serveKit } from "../kit-site.ts";
import { startSigner } from "../origin-signer.ts";
import { type Internet, openInternet } from "./internet.ts";

const PAGE = "/e2e/kit/nat-viewer.html";

/** Two browsers play it: what they cost is not what is looked at. */
const SMALL = { width: 320, height: 180, bitRate: 300_000 };

/** What a test of two homes stands on: an internet, and in it a site, signalling, an origin and its signer. */
export interface Stage {
  readonly internet: Internet;
  readonly origin: FfmpegOrigin;
  readonly pageUrl: string;
  readonly signalUrl: string;
  /** What names the stream to a viewer. */
  readonly stream: { readonly url: string; readonly headers: string; readonly fingerprint: string };
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const closings: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closings.reverse()) await each();
  };
  try {
    const internet = await openInternet();
    closings.push(internet.close);
    const site = await serveKit({ pages: [PAGE] });
    closings.push(site.close);
    const signal = await serveSignal();
    closings.push(() => signal.close());
    const origin = await startFfmpegOrigin(SMALL);
    closings.push(origin.close);
    const signer = await startSigner(origin.url);
    closings.push(signer.close);
    for (const { url } of [site, signal, origin, signer]) await internet.reach(url);
    return {
      internet,
      origin,
      pageUrl: `${site.url}${PAGE}`,
      signalUrl: signal.url,
      stream: { url: origin.url, headers: signer.url, fingerprint: signer.fingerprint },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
