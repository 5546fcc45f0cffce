import { expect, test } from "vitest";
import { type KeyActions, keyAction, type PressedKey } from "./keyboard.ts";

function asked(key: string, where: Partial<PressedKey> = {}): string | undefined {
  const calls: string[] = [];
  const actions = new Proxy({} as KeyActions, {
    get:
      (_, name) =>
      (...values: readonly unknown[]) =>
        calls.push([String(name), ...values].join(" ")),
  });
  keyAction({ key, path: [], inPlayer: false, ...where })?.(actions);
  return calls[0];
}

const within = (...path: PressedKey["path"]): Partial<PressedKey> => ({ path, inPlayer: true });

test("letters go to the player wherever nobody types, large or small", () => {
  expect(["k", "J", "l", "M", "?", "<", "7"].map((key) => asked(key))).toEqual([
    "playOrPause",
    "seekBy -10",
    "seekBy 10",
    "mute",
    "showKeys",
    "changeSpeed -1",
    "seekToShare 0.7",
  ]);
  expect(asked("x")).toBeUndefined();
});

test("what scrolls the page does so, unless the player has the focus", () => {
  expect(["ArrowLeft", "ArrowUp", "Home"].map((key) => asked(key))).toEqual(["seekBy -5", undefined, undefined]);
  expect(["ArrowLeft", "ArrowUp", "End"].map((key) => asked(key, { inPlayer: true }))).toEqual([
    "seekBy -5",
    "changeVolume 0.05",
    "toLive",
  ]);
});

test("who types, moves in a menu or reads a dialog is left alone", () => {
  for (const field of [
    { localName: "input", type: "text" },
    { localName: "input", type: "time" },
    { localName: "div", role: "menu" },
    { localName: "dialog" },
    { localName: "textarea" },
  ]) {
    expect([asked("k", within(field)), asked("ArrowDown", within(field))]).toEqual([undefined, undefined]);
  }
});

test("a button is pressed by its own key, and knows no letters", () => {
  const button = within({ localName: "media-mute-button", role: "button" });
  expect([asked(" ", button), asked("k", button)]).toEqual([undefined, "playOrPause"]);
  const check = within({ localName: "input", type: "checkbox" });
  expect([asked(" ", check), asked("k", check)]).toEqual([undefined, "playOrPause"]);
});

test("on the bar every arrow moves in time, on the volume none does", () => {
  const input = { localName: "input", type: "range" };
  const bar = within(input, { localName: "media-time-range" });
  expect([asked("ArrowUp", bar), asked("ArrowLeft", bar), asked("PageUp", bar)]).toEqual([
    "seekBy 5",
    "seekBy -5",
    "seekBy 60",
  ]);
  const volume = within(input, { localName: "media-volume-range" });
  expect([asked("ArrowUp", volume), asked("ArrowLeft", volume), asked("m", volume)]).toEqual([
    undefined,
    undefined,
    "mute",
  ]);
});
