import { createRequire } from "node:module";
import type { BrowserContext, Page } from "@playwright/test";
import type HlsPlayer from "hls.js";
import type shakaNamespace from "shaka-player";

const require = createRequire(import.meta.url);

/** What a test asks of a player, in its tab. Times are seconds of the video element. */
interface Viewing {
  /** How far it is behind the capture, or the live edge, as the player tells; undefined while it does not know. */
  latencyS(): number | undefined;
  /** Plays the rendition with the lower or the higher bit rate, and only that. */
  choose(which: "low" | "high"): void;
  /** Goes to the live edge, as its button does. */
  toLive(): void;
  /** What went wrong, in the player's words, most severe or not. */
  readonly errors: string[];
}

/** A look at a viewer's video element and player. */
export interface Look {
  readonly atMs: number;
  readonly positionS: number;
  readonly latencyS: number | undefined;
  readonly width: number;
  readonly seekable: readonly [number, number] | undefined;
  readonly bufferedAheadS: number;
  readonly ended: boolean;
  readonly errors: readonly string[];
}

declare global {
  interface Window {
    viewing?: Viewing;
    looks?: Look[];
    look?: () => Look;
    /** The global of hls.js and of Shaka Player, as their scripts leave it. */
    Hls?: typeof HlsPlayer;
    shaka?: typeof shakaNamespace;
    videojs?: VideoJs;
  }
}

/** What is used of video.js: its own types leave out all of its HLS engine. */
type VideoJs = (video: HTMLVideoElement, options: unknown) => VideoJsPlayer;
interface VideoJsPlayer {
  src(source: { src: string; type: string }): void;
  play(): Promise<void> | undefined;
  currentTime(): number;
  on(event: string, listener: () => void): void;
  error(): { message: string } | null;
  readonly liveTracker: { liveCurrentTime(): number; seekToLiveEdge(): void };
  qualityLevels(): ArrayLike<{ bitrate: number; enabled: boolean }> & {
    on(event: string, listener: () => void): void;
  };
}

export interface Viewer {
  readonly name: string;
  readonly script: string;
  /** What it is known not to do, by the test's own words: docs/players.md says why. */
  readonly limits: readonly string[];
  /** Near the edge, by its own clock: two slow cores decode three players and a broadcast. */
  readonly nearS: number;
  /** Runs in the page. */
  readonly open: (url: string) => Promise<void>;
}

export const VIEWERS: readonly Viewer[] = [
  { name: "hls.js", script: require.resolve("hls.js/dist/hls.min.js"), open: openHls, limits: [], nearS: 8 },
  {
    name: "Shaka Player",
    script: require.resolve("shaka-player/dist/shaka-player.compiled.js"),
    open: openShaka,
    limits: ["takes the new init segment", "has no fatal error"],
    nearS: 8,
  },
  {
    name: "video.js",
    script: require.resolve("video.js/dist/video.min.js"),
    open: openVideoJs,
    limits: ["crosses the gap", "sees the end"],
    // Told to go to the live edge, it waits there for whole segments: docs/players.md has what was seen.
    nearS: 12,
  },
];

/** Opens a tab that holds nothing but a video element, with the player's script beside it. Default site: that of the build. */
export async function openViewer(context: BrowserContext, viewer: Viewer, site = ""): Promise<Page> {
  const page = await context.newPage();
  const address = "**/viewer.html";
  const body = `<!doctype html><title>${viewer.name}</title><video muted playsinline width="320" height="180"></video>`;
  await page.route(address, (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(`${site}/viewer.html`);
  // With a route in place every request of the page would take the way through the test.
  await page.unroute(address);
  await page.addScriptTag({ path: viewer.script });
  await page.evaluate(watchTheVideo);
  return page;
}

/** Runs in the page: looks twice a second, without a round trip to the test. */
function watchTheVideo(): void {
  const video = document.querySelector("video");
  if (video === null) throw new Error("the page has no video element");
  const looks: Look[] = [];
  const look = (): Look => {
    const { buffered, seekable, currentTime: positionS } = video;
    let bufferedAheadS = 0;
    for (let index = 0; index < buffered.length; index++) {
      if (buffered.start(index) <= positionS && buffered.end(index) > positionS)
        bufferedAheadS = buffered.end(index) - positionS;
    }
    return {
      atMs: Date.now(),
      positionS,
      latencyS: window.viewing?.latencyS(),
      width: video.videoWidth,
      seekable: seekable.length > 0 ? [seekable.start(0), seekable.end(seekable.length - 1)] : undefined,
      bufferedAheadS,
      ended: video.ended,
      errors: [...(window.viewing?.errors ?? [])],
    };
  };
  window.look = look;
  window.looks = looks;
  setInterval(() => looks.push(look()), 500);
}

async function openHls(url: string): Promise<void> {
  const video = document.querySelector("video");
  if (window.Hls === undefined || video === null) throw new Error("hls.js was not loaded");
  const { Hls } = window;
  const hls = new Hls({ startLevel: 0 });
  const errors: string[] = [];
  const choose = (which: "low" | "high"): void => {
    hls.nextLevel = which === "low" ? 0 : hls.levels.length - 1;
  };
  hls.on(Hls.Events.ERROR, (_, { details, fatal, error }) =>
    errors.push(`${fatal ? "FATAL " : ""}${details}: ${error.message}`),
  );
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    hls.loadLevel = 0;
    void video.play();
  });
  window.viewing = {
    latencyS: () => {
      const { playingDate } = hls;
      return playingDate === null ? undefined : (Date.now() - playingDate.getTime()) / 1000;
    },
    choose,
    toLive: () => {
      video.currentTime = hls.liveSyncPosition ?? video.currentTime;
    },
    errors,
  };
  hls.loadSource(url);
  hls.attachMedia(video);
}

async function openShaka(url: string): Promise<void> {
  const video = document.querySelector("video");
  if (window.shaka === undefined || video === null) throw new Error("Shaka Player was not loaded");
  const { shaka } = window;
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  const errors: string[] = [];
  player.addEventListener("error", (event: Event) => {
    const { severity, code, data } = (event as Event & { detail: shakaNamespace.util.Error }).detail;
    errors.push(`${severity === 2 ? "FATAL " : ""}${code}: ${String(data).slice(0, 200)}`);
  });
  const choose = (which: "low" | "high"): void => {
    const tracks = player.getVariantTracks().sort((a, b) => a.bandwidth - b.bandwidth);
    const track = which === "low" ? tracks[0] : tracks.at(-1);
    if (track !== undefined) player.selectVariantTrack(track, true);
  };
  window.viewing = {
    latencyS: () => {
      const date = player.getPlayheadTimeAsDate();
      return date === null ? undefined : (Date.now() - date.getTime()) / 1000;
    },
    choose,
    toLive: () => player.goToLive(),
    errors,
  };
  player.configure({ abr: { enabled: false } });
  await player.attach(video);
  await player.load(url);
  choose("low");
  await video.play();
}

async function openVideoJs(url: string): Promise<void> {
  const video = document.querySelector("video");
  if (window.videojs === undefined || video === null) throw new Error("video.js was not loaded");
  const player = window.videojs(video, { liveui: true, html5: { vhs: { overrideNative: true } } });
  const errors: string[] = [];
  let chosen: "low" | "high" = "low";
  const choose = (which: "low" | "high"): void => {
    chosen = which;
    const levels = [...Array.from(player.qualityLevels())].sort((a, b) => a.bitrate - b.bitrate);
    const wanted = which === "low" ? levels[0] : levels.at(-1);
    // The one that is wanted first: none may be left without.
    if (wanted !== undefined) wanted.enabled = true;
    for (const level of levels) if (level !== wanted) level.enabled = false;
  };
  player.qualityLevels().on("addqualitylevel", () => choose(chosen));
  player.on("error", () => errors.push(`FATAL ${player.error()?.message}`));
  window.viewing = {
    latencyS: () => player.liveTracker.liveCurrentTime() - player.currentTime(),
    choose,
    toLive: () => player.liveTracker.seekToLiveEdge(),
    errors,
  };
  player.src({ src: url, type: "application/x-mpegURL" });
  await player.play();
}
