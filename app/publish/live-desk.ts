import { html, type TemplateResult } from "lit-html";
import { ScreenLock } from "../kit/screen-lock.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { EndDialog } from "./end-dialog.ts";
import { KeysDialog } from "./keys-dialog.ts";
import { type LiveControl, listenForKeys } from "./live-controls.ts";
import { LivePanel } from "./live-panel.ts";
import type { LiveSession } from "./live-session.ts";
import { openLinksInTabs } from "./nav-links.ts";
import { ShareDialog } from "./share-dialog.ts";
import { SwitchDialog } from "./switch-dialog.ts";

/** The panel of a live stream with all that can be done to it: buttons, keys, and what they open. */
export class LiveDesk extends View<HTMLDivElement> {
  readonly #panel: LivePanel;
  readonly #share: ShareDialog;
  readonly #switch: SwitchDialog;
  readonly #end: EndDialog;
  readonly #keys: KeysDialog;
  readonly #over = new AbortController();

  /** `address` is the watch link. */
  constructor(session: LiveSession, address: string) {
    super(document.createElement("div"));
    const controls = this.#controls(session);
    this.#panel = new LivePanel(session, { address, controls });
    this.#share = new ShareDialog({ name: session.name, address, isShared: session.seeding !== undefined });
    this.#switch = new SwitchDialog(session);
    this.#end = new EndDialog(session);
    this.#keys = new KeysDialog(controls);
    const { signal } = this.#over;
    listenForKeys(controls, {
      signal,
      enabled: () => this.#keys.enabled && this.root.querySelector("dialog[open]") === null,
    });
    new ScreenLock(signal).want(true);
    openLinksInTabs(signal);
    this.draw();
  }

  /** Something of the session changed. */
  refresh(): void {
    this.#panel.changed();
  }

  /** Files that were dropped on the page: they might be the next source. */
  offer(files: readonly File[]): void {
    this.#switch.openWith(files);
  }

  close(): void {
    this.#over.abort();
    for (const dialog of [this.#share, this.#switch, this.#end, this.#keys]) if (dialog.isOpen) dialog.close();
    this.#panel.close();
  }

  protected override template(): TemplateResult {
    return html`${this.#panel.root}${this.#share.root}${this.#switch.root}${this.#end.root}${this.#keys.root}`;
  }

  #controls(session: LiveSession): readonly LiveControl[] {
    const say = words.publish.controls;
    const { capture } = session;
    // The former one is still at work: what is asked for meanwhile would wait for it.
    const isBusy = (): boolean => session.task !== undefined;
    return [
      {
        key: "m",
        get icon() {
          return capture.muted ? "microphone-off" : "microphone";
        },
        label: () => say.mute.label(capture.muted),
        about: say.mute.about,
        active: () => capture.muted,
        shown: () => session.hasSound,
        disabled: isBusy,
        run: session.toggleMuted,
      },
      {
        key: "p",
        get icon() {
          return capture.paused ? "play" : "pause";
        },
        label: () => say.pause.label(capture.paused),
        about: say.pause.about,
        active: () => capture.paused,
        shown: () => session.hasPicture,
        disabled: isBusy,
        run: session.togglePaused,
      },
      {
        key: "s",
        icon: "switch",
        ...said(say.switch),
        shown: () => session.hasPicture,
        disabled: isBusy,
        run: () => this.#switch.open(),
      },
      {
        key: "n",
        icon: "next",
        ...said(say.next),
        shown: () => session.hasQueue,
        disabled: isBusy,
        run: session.next,
      },
      { key: "l", icon: "share", ...said(say.share), run: () => this.#share.open() },
      { key: "?", icon: "keyboard", ...said(say.keys), kind: "quiet", run: () => this.#keys.open() },
      {
        key: "e",
        icon: "stop",
        ...said(say.end),
        kind: "danger",
        disabled: () => session.task === "end",
        run: () => this.#end.open(),
      },
    ];
  }
}

const said = ({ label, about }: { readonly label: string; readonly about: string }) => ({ label: () => label, about });
