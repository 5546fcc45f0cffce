import { words } from "../words/words.ts";
import { type Choice, nextSpeed, speedLabel } from "./choices.ts";
import type { KeyActions } from "./keyboard.ts";
import type { Player } from "./player.ts";

/** What the keys act on. */
export interface KeyTargets {
  readonly video: HTMLVideoElement;
  readonly player: () => Player | undefined;
  readonly choices: () => readonly Choice[];
  /** Says, and shows for a moment, what a key has done. */
  readonly say: (sentence: string) => void;
  readonly mark: (end: "in" | "out") => void;
  readonly showKeys: () => void;
}

/** What the keys do, and say: who presses one sees no menu. */
export function playerActions({ video, player, choices, say, mark, showKeys }: KeyTargets): KeyActions {
  /** media-chrome knows the ways of old browsers. */
  const request = (type: string): void => {
    video.parentElement?.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true }));
  };
  const volumeSaid = (): string =>
    video.muted ? words.watch.said.muted : words.watch.said.volume(Math.round(video.volume * 100));
  return {
    playOrPause: () => (video.paused ? void player()?.play() : video.pause()),
    seekBy: (seconds) => player()?.seekBy(seconds),
    seekToShare: (share) => {
      const { startS, endS } = player()?.window ?? { startS: 0, endS: 0 };
      player()?.seekTo(startS + share * (endS - startS));
    },
    toLive: () => {
      const now = player();
      if (now?.live === true) now.toLive();
      else now?.seekTo(now.window.endS);
    },
    step: (direction) => player()?.step(direction),
    changeSpeed: (direction) => {
      const now = player();
      if (now === undefined) return;
      now.rate = nextSpeed(now.rate, direction);
      say(words.watch.said.speed(speedLabel(now.rate)));
    },
    changeVolume: (by) => {
      video.muted = false;
      video.volume = Math.max(0, Math.min(1, Math.round((video.volume + by) * 20) / 20));
      say(volumeSaid());
    },
    mute: () => {
      video.muted = !video.muted;
      say(video.muted ? words.watch.said.muted : words.watch.said.unmuted);
    },
    subtitles: () => {
      const choice = choices().find(({ key }) => key === "subtitles");
      if (choice === undefined) {
        say(words.watch.said.noSubtitles);
        return;
      }
      const [off, first] = choice.options;
      const next = choice.chosen === off?.value ? first : off;
      if (next === undefined) return;
      choice.choose(next.value);
      say(words.watch.said.subtitles(next.label));
    },
    pictureInPicture: () =>
      request(document.pictureInPictureElement === video ? "mediaexitpiprequest" : "mediaenterpiprequest"),
    fullScreen: () =>
      request(document.fullscreenElement === null ? "mediaenterfullscreenrequest" : "mediaexitfullscreenrequest"),
    mark,
    showKeys,
  };
}
