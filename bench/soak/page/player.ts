import Hls from "hls.js";
import { readFrameNumber } from "../../../src/testing/media/read-frame-number.ts";

export interface Played {
  /** Number of the frame that is shown; absent where the picture is none. */
  readonly frame?: number;
  readonly positionS: number;
  /** Players that had to be made anew, since hls.js gave up. */
  readonly restarts: number;
}

/** Plays a stream with hls.js for as long as the page lives, and makes a new player where one has given up. Gives the way to look at it. */
export function play(url: string): void {
  const video = document.querySelector("video");
  if (video === null) throw new Error("the page has no video element");
  let restarts = 0;
  const start = (): void => {
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, { fatal }) => {
      if (!fatal) return;
      restarts += 1;
      hls.destroy();
      setTimeout(start, 1_000);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    void video.play().catch(() => undefined); // a new player interrupts it
  };
  start();
  window.played = () => {
    const { videoWidth: width, videoHeight: height } = video;
    const frame = width > 0 ? frameOf(video, width, height) : undefined;
    return { ...(frame === undefined ? {} : { frame }), positionS: video.currentTime, restarts };
  };
}

function frameOf(video: HTMLVideoElement, width: number, height: number): number | undefined {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context?.drawImage(video, 0, 0);
  const pixels = context?.getImageData(0, 0, width, height);
  return pixels && readFrameNumber(pixels);
}

declare global {
  interface Window {
    played?: () => Played;
  }
}
