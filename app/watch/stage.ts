import { html, nothing, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";

/** What stands on the picture, and over it while there is none. */
export interface Stage {
  readonly video: HTMLVideoElement;
  readonly cover: { readonly title: string; readonly text: string } | undefined;
  /** Undefined until media-chrome is there. */
  readonly controls: TemplateResult | undefined;
  /** Why nothing moves, though there is a picture. */
  readonly waiting: string;
  /** What a key has just done. */
  readonly said: string;
  readonly agree: (() => void) | undefined;
  readonly replay: (() => void) | undefined;
  readonly unmute: (() => void) | undefined;
  readonly fullScreen: () => void;
}

/** The picture with all that belongs to it; in full screen it is all there is. */
export function stage(view: Stage): TemplateResult {
  const { cover, agree, replay } = view;
  // What media-chrome hides with the controls has no `noautohide`.
  return html`
    <div class="stage">
      <media-controller
        nohotkeys noautoseektolive nomutedpref autohide="3"
        @dblclick=${(event: Event) => {
          if (event.target === view.video) view.fullScreen();
        }}
      >
        ${view.video}
        <div class="stage-cover" slot="centered-chrome" noautohide ?hidden=${cover === undefined}>
          <p class="cover-title">${cover?.title ?? ""}</p>
          <p>${cover?.text ?? ""}</p>
          ${agree === undefined ? nothing : html`<button type="button" class="button primary" @click=${agree}>${words.watch.agree}</button>`}
          ${replay === undefined ? nothing : html`<button type="button" class="button" @click=${replay}>${words.watch.replay}</button>`}
        </div>
        <p class="stage-waiting" slot="centered-chrome" noautohide aria-hidden="true" ?hidden=${view.waiting === ""}>${view.waiting}</p>
        <p class="stage-said" slot="top-chrome" noautohide role="status">${view.said}</p>
        ${
          view.unmute === undefined
            ? nothing
            : html`
              <button type="button" class="button unmute" slot="top-chrome" noautohide @click=${view.unmute}>
                <svg class="icon" aria-hidden="true"><use href="/icons.svg#sound-off"></use></svg>${words.watch.unmute}
              </button>`
        }
        ${view.controls ?? nothing}
      </media-controller>
    </div>`;
}
