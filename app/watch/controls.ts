import { html, nothing, type TemplateResult } from "lit-html";
import { clockTime } from "../kit/format.ts";
import { words } from "../words/words.ts";
import { behindText } from "./behind.ts";
import type { Choice } from "./choices.ts";

/** What the controls show, and what they do. */
export interface Controls {
  readonly choices: readonly Choice[];
  /** Undefined of a recording. */
  readonly behindMs: number | undefined;
  readonly isNearLive: boolean;
  readonly positionMs: number;
  readonly windowMs: number;
  readonly hasSubtitles: boolean;
  /** Of the clip, as shares of the bar. */
  readonly marks: { readonly from: number; readonly to: number } | undefined;
  readonly preview: HTMLElement;
  readonly seekTo: (positionS: number) => void;
  readonly toLive: () => void;
  readonly pointed: (event: PointerEvent) => void;
  readonly left: () => void;
  /** The bar was reached by keys. */
  readonly focused: (event: FocusEvent) => void;
}

/** The bar and the buttons, as elements of media-chrome. */
export function controls(view: Controls): TemplateResult {
  const seek = (event: CustomEvent<number>): void => {
    // media-chrome would go to the very edge, where nothing can be played yet.
    event.stopPropagation();
    view.seekTo(event.detail);
  };
  return html`
    <div
      class="seek" dir="ltr" @mediaseekrequest=${seek}
      @pointermove=${view.pointed} @pointerleave=${view.left} @focusin=${view.focused} @focusout=${view.left}
    >
      ${view.preview}
      <media-time-range></media-time-range>
      ${view.marks === undefined ? nothing : html`<div class="seek-marks" aria-hidden="true" style="--from: ${view.marks.from}; --to: ${view.marks.to}"></div>`}
    </div>
    <media-control-bar @mediaseekrequest=${seek}>
      <media-play-button></media-play-button>
      <media-seek-backward-button seekoffset="10"></media-seek-backward-button>
      <media-mute-button></media-mute-button>
      <media-volume-range></media-volume-range>
      ${view.behindMs === undefined ? recordingTime(view) : liveButton(view.behindMs, view)}
      <span class="controls-space"></span>
      ${view.hasSubtitles ? html`<media-captions-button></media-captions-button>` : nothing}
      <media-settings-menu-button>
        <svg slot="icon" viewBox="0 0 24 24" aria-hidden="true"><use href="/icons.svg#settings"></use></svg>
      </media-settings-menu-button>
      <media-pip-button></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>
    ${settingsMenu(view.choices)}`;
}

/** That of media-chrome knows no distance, and says its own name again with each change. */
function liveButton(behindMs: number, { isNearLive, toLive }: Controls): TemplateResult {
  const { live } = words.watch;
  const behind = behindText(behindMs);
  return html`
    <button
      type="button" class="live-button" ?data-near=${isNearLive} aria-keyshortcuts="End"
      aria-label=${isNearLive ? live.atLive(behind) : live.goLive(behind)} @click=${toLive}
    ><span class="live-dot" aria-hidden="true"></span><span class="live-word">${words.common.live}</span><span class="live-behind">${behind}</span></button>`;
}

function recordingTime({ positionMs, windowMs }: Controls): TemplateResult {
  return html`<span class="controls-time">${clockTime(positionMs)} / ${clockTime(windowMs)}</span>`;
}

/**
 * Without white space between its elements: media-chrome removes that from its menus, and with it the nodes by which lit-html finds the end of what it
 * has to replace.
 */
function settingsMenu(choices: readonly Choice[]): TemplateResult {
  return html`<media-settings-menu id="watch-settings" anchor="auto" hidden
    ><span slot="header" hidden></span>${choices.map(settingsItem)}</media-settings-menu>`;
}

function settingsItem({ key, label, options, chosen, choose }: Choice): TemplateResult {
  const change = (event: Event): void =>
    choose((event.currentTarget as HTMLElement & { readonly value: string }).value);
  return html`<media-settings-menu-item data-choice=${key}>${label}<media-chrome-menu slot="submenu" hidden @change=${change}
    >${
      /* That of media-chrome is no item, which a menu may not hold. */
      html`<button slot="header" part="back button" role="menuitem" tabindex="-1" aria-label=${words.watch.menu.back(label)}><span aria-hidden="true">‹</span>${label}</button>`
    }${options.map(
      ({ value, label: text }) =>
        html`<media-chrome-menu-item type="radio" value=${value} .checked=${value === chosen}>${text}</media-chrome-menu-item>`,
    )}</media-chrome-menu></media-settings-menu-item>`;
}
