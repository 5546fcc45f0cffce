/** What a key asks of the player. */
export interface KeyActions {
  playOrPause(): void;
  seekBy(seconds: number): void;
  /** A share of the window: 0 for the oldest moment. */
  seekToShare(share: number): void;
  toLive(): void;
  step(direction: -1 | 1): void;
  changeSpeed(direction: -1 | 1): void;
  changeVolume(by: number): void;
  mute(): void;
  subtitles(): void;
  pictureInPicture(): void;
  fullScreen(): void;
  mark(end: "in" | "out"): void;
  showKeys(): void;
}

const ACTIONS: Readonly<Record<string, (actions: KeyActions) => void>> = {
  " ": (player) => player.playOrPause(),
  k: (player) => player.playOrPause(),
  j: (player) => player.seekBy(-10),
  l: (player) => player.seekBy(10),
  ArrowLeft: (player) => player.seekBy(-5),
  ArrowRight: (player) => player.seekBy(5),
  PageDown: (player) => player.seekBy(-60),
  PageUp: (player) => player.seekBy(60),
  Home: (player) => player.seekToShare(0),
  End: (player) => player.toLive(),
  ",": (player) => player.step(-1),
  ".": (player) => player.step(1),
  "<": (player) => player.changeSpeed(-1),
  ">": (player) => player.changeSpeed(1),
  ArrowUp: (player) => player.changeVolume(0.05),
  ArrowDown: (player) => player.changeVolume(-0.05),
  m: (player) => player.mute(),
  c: (player) => player.subtitles(),
  p: (player) => player.pictureInPicture(),
  f: (player) => player.fullScreen(),
  i: (player) => player.mark("in"),
  o: (player) => player.mark("out"),
  "?": (player) => player.showKeys(),
};

/** They scroll the page: the player has them only where it has the focus itself. */
const NEEDS_FOCUS: ReadonlySet<string> = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

/** What of a key event decides; `path` is the composed path, innermost first. */
export interface PressedKey {
  readonly key: string;
  readonly path: readonly { readonly localName?: string; readonly role?: string | null; readonly type?: string }[];
  readonly inPlayer: boolean;
}

/** What a pressed key does; undefined where it is not the player's. */
export function keyAction({ key, path, inPlayer }: PressedKey): ((actions: KeyActions) => void) | undefined {
  const pressed = key.length === 1 ? key.toLowerCase() : key;
  if (NEEDS_FOCUS.has(pressed) && !inPlayer) return undefined;
  for (const { localName = "", role, type } of path) {
    // Whoever types means letters, and a menu moves by its own keys.
    if (role === "menu" || localName === "textarea" || localName === "select" || localName === "dialog")
      return undefined;
    if (localName === "input" && type === "range") {
      // The volume goes up and down by itself; on the bar, up and down are later and earlier.
      if (path.some((each) => each.localName === "media-volume-range")) {
        if (pressed.startsWith("Arrow") || NEEDS_FOCUS.has(pressed)) return undefined;
      } else if (pressed === "ArrowUp") return ACTIONS.ArrowRight;
      else if (pressed === "ArrowDown") return ACTIONS.ArrowLeft;
    } else if (localName === "input" && !(type === "checkbox" && pressed !== " ")) return undefined;
    // A button is pressed by it.
    if (
      pressed === " " &&
      (role === "button" || localName === "button" || localName === "a" || localName === "summary")
    )
      return undefined;
  }
  if (/^\d$/.test(pressed)) return (actions) => actions.seekToShare(Number(pressed) / 10);
  return Object.hasOwn(ACTIONS, pressed) ? ACTIONS[pressed] : undefined;
}

/** Gives the keys to the player, wherever on the page nobody types, until `signal` is aborted. */
export function listenToKeys(
  player: () => Element | null,
  actions: KeyActions,
  { signal, isOn }: { readonly signal: AbortSignal; readonly isOn: () => boolean },
): void {
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const path = event.composedPath();
    const element = player();
    const inPlayer = element !== null && path.includes(element);
    const elements = path.filter((each) => each instanceof Element);
    const action = keyAction({
      key: event.key,
      inPlayer,
      path: elements.map((each) => ({
        localName: each.localName,
        role: each.getAttribute("role"),
        ...(each instanceof HTMLInputElement ? { type: each.type } : {}),
      })),
    });
    // Keys that are no letters belong to whoever has the focus, also where letters are turned off.
    if (action === undefined || (!isOn() && !(inPlayer && (event.key.length > 1 || event.key === " ")))) return;
    event.preventDefault();
    event.stopPropagation();
    action(actions);
  };
  // Before the controls: a range would move by a hundredth of four hours.
  document.addEventListener("keydown", press, { signal, capture: true });
}
