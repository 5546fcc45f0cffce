import { bitrate } from "../kit/format.ts";
import { words } from "../words/words.ts";
import type { Player } from "./player.ts";

/** One menu: a person picks one of its options. */
export interface Choice {
  readonly key: "speed" | "quality" | "sound" | "subtitles" | "latency";
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: string;
  readonly choose: (value: string) => void;
}

const SPEEDS: readonly number[] = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
/** Enough in hand to bear a second in which nothing comes. */
const STEADY_MS = 4_000;
const TARGETS_MS = [2_000, 3_000, 6_000, 10_000, 20_000, 30_000] as const;
const AUTO = -1;

export function speedLabel(rate: number): string {
  return rate === 1 ? words.watch.menu.normal : words.watch.menu.times(rate);
}

/** The menus that the stream has something to choose in. */
export function choicesOf(player: Player, setTarget: (targetMs: number) => void): readonly Choice[] {
  const choices = [speed(player), quality(player), sound(player), subtitles(player)];
  if (player.live === true) choices.push(latency(player, setTarget));
  return choices.filter((choice) => choice !== undefined);
}

function speed(player: Player): Choice {
  return {
    key: "speed",
    label: words.watch.menu.speed,
    options: SPEEDS.map((rate) => ({ value: String(rate), label: speedLabel(rate) })),
    chosen: String(player.rate),
    choose: (value) => {
      player.rate = Number(value);
    },
  };
}

function quality({ engine }: Player): Choice | undefined {
  const { menu } = words.watch;
  if (engine === undefined || engine.levels.length === 0) return undefined;
  const nameOf = (index: number): string => {
    const height = engine.levels[index]?.height ?? 0;
    return height > 0 ? menu.height(height) : "";
  };
  // Two of one size differ in their bitrate alone.
  const levels = engine.levels.map(({ bitrate: bps }, index) => ({
    value: String(index),
    label: nameOf(index) === "" ? bitrate(bps) : menu.level(nameOf(index), bitrate(bps)),
  }));
  const isAuto = engine.autoLevelEnabled;
  return {
    key: "quality",
    label: menu.quality,
    options: [
      { value: String(AUTO), label: menu.auto(isAuto ? nameOf(engine.currentLevel) : "") },
      ...levels.reverse(),
    ],
    chosen: String(engine.manualLevel),
    choose: (value) => {
      engine.nextLevel = Number(value);
    },
  };
}

function sound({ engine }: Player): Choice | undefined {
  const { menu } = words.watch;
  if (engine === undefined || engine.audioTracks.length < 2) return undefined;
  return {
    key: "sound",
    label: menu.sound,
    options: engine.audioTracks.map(({ name, lang }, index) => ({
      value: String(index),
      label: name || lang || menu.track(index + 1),
    })),
    chosen: String(engine.audioTrack),
    choose: (value) => {
      engine.audioTrack = Number(value);
    },
  };
}

function subtitles({ engine }: Player): Choice | undefined {
  const { menu } = words.watch;
  if (engine === undefined || engine.subtitleTracks.length === 0) return undefined;
  const tracks = engine.subtitleTracks.map(({ name, lang }, index) => ({
    value: String(index),
    label: name || lang || menu.track(index + 1),
  }));
  return {
    key: "subtitles",
    label: menu.subtitles,
    options: [{ value: String(AUTO), label: menu.off }, ...tracks],
    chosen: String(engine.subtitleDisplay ? engine.subtitleTrack : AUTO),
    choose: (value) => {
      engine.subtitleDisplay = Number(value) !== AUTO;
      engine.subtitleTrack = Number(value);
    },
  };
}

function latency({ targetMs }: Player, setTarget: (targetMs: number) => void): Choice {
  const { menu } = words.watch;
  return {
    key: "latency",
    label: menu.latency,
    options: [
      { value: "0", label: menu.near },
      { value: String(STEADY_MS), label: menu.steady(STEADY_MS / 1000) },
      ...TARGETS_MS.map((ms) => ({ value: String(ms), label: menu.chosen(ms / 1000) })),
    ],
    chosen: String(targetMs),
    choose: (value) => setTarget(Number(value)),
  };
}

/** The next one of the list, in either direction; at its end it stays. */
export function nextSpeed(rate: number, direction: -1 | 1): number {
  const index = SPEEDS.indexOf(rate);
  return SPEEDS[index + direction] ?? rate;
}
