import { html, type TemplateResult } from "lit-html";
import { type PageContext, View } from "../kit/view.ts";
import { words } from "../words/words.ts";

export class SettingsView extends View {
  constructor({ main }: PageContext) {
    super(main);
    this.draw();
  }

  protected override template(): TemplateResult {
    return html`<div class="settings"><div class="view-head"><h1>${words.common.nav.settings}</h1></div></div>`;
  }
}
