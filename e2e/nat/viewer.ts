import { chromium, expect, type Page } from "@playwright/test";
import type { PeersOptions, SessionStats } from "eddy-hls";
import { type Endured, watchStalls } from "../stall-watch.ts";
import type { Home } from "./internet.ts";
import type { Stage } from "./stage.ts";

/** What a page's connections have seen, from its first script on. */
interface IceLog {
  /** Descriptions and candidates of the other side, as they came. */
  readonly heard: string[];
  /** From the making of each connection that came about to that, in ms. */
  readonly connectsMs: number[];
}

declare global {
  interface Window {
    ice: IceLog;
  }
}

/** A browser in a home, that watches the stage's stream. */
export interface NatViewer {
  readonly home: Home;
  /** From joining to pictures. */
  readonly startMs: number;
  stats(): Promise<SessionStats>;
  ice(): Promise<IceLog>;
  /** What it has borne, from its first pictures on. */
  endured(): Promise<Endured>;
  close(): Promise<void>;
}

export interface ViewerOptions {
  readonly stage: Stage;
  readonly home: Home;
  readonly peers: PeersOptions;
  readonly args: readonly string[];
}

/** Resolves with the first pictures. */
export async function openNatViewer({ stage, home, peers, args }: ViewerOptions): Promise<NatViewer> {
  const { siteAddress } = stage.internet;
  // The page is at localhost, as far as the browser knows: a secure context, with a worker, without a certificate.
  const rules = `--host-resolver-rules=MAP localhost ${siteAddress}, MAP 127.0.0.1 ${siteAddress}`;
  const browser = await chromium.launch({ executablePath: home.browserPath, args: [...args, rules] });
  try {
    const page = await browser.newPage({ viewport: { width: 320, height: 180 } });
    await page.addInitScript(logIce);
    await page.goto(stage.pageUrl);
    const signalling = { kind: "relay", urls: [stage.signalUrl] } as const;
    const watched = { ...stage.stream, peers: { signalling, upload: { consent: true }, ...peers } };
    const startedAt = Date.now();
    await page.evaluate((given) => window.watch(given), watched);
    await untilPlaying(page);
    return {
      home,
      startMs: Date.now() - startedAt,
      stats: () => page.evaluate(() => window.session?.stats() as SessionStats),
      ice: () => page.evaluate(() => window.ice),
      endured: await watchStalls(page),
      close: () => browser.close(),
    };
  } catch (thrown) {
    await browser.close();
    throw thrown;
  }
}

async function untilPlaying(page: Page): Promise<void> {
  const frames = () => page.evaluate(() => document.querySelector("video")?.getVideoPlaybackQuality().totalVideoFrames);
  await expect.poll(frames, { intervals: [50], timeout: 30_000 }).toBeGreaterThan(2);
}

/** Runs in the page before its scripts. */
function logIce(): void {
  const log: IceLog = { heard: [], connectsMs: [] };
  window.ice = log;
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(config?: RTCConfiguration) {
      super(config);
      const madeMs = performance.now();
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") log.connectsMs.push(Math.round(performance.now() - madeMs));
      });
    }

    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      log.heard.push(description.sdp ?? "");
      return super.setRemoteDescription(description);
    }

    override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
      log.heard.push(candidate?.candidate ?? "");
      return super.addIceCandidate(candidate);
    }
  };
}
