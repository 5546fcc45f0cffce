import { html, type TemplateResult } from "lit-html";
import { DEFAULT_NAME } from "../address.ts";
import { words } from "../words/words.ts";

/** The form that watches by name needs no script: it asks for `?watch=<name>`. */
export function watchByName(): TemplateResult {
  const { list } = words.watch;
  return html`
    <form class="by-name" action="./" method="get">
      <label for="watch-name">${list.byName}</label>
      <div class="field-row">
        <input
          id="watch-name" name="watch" required maxlength="64" pattern="[A-Za-z0-9._\\-]{1,64}" title=${list.nameRule}
          placeholder=${DEFAULT_NAME} autocomplete="off" autocapitalize="none" spellcheck="false"
        />
        <button class="button">${list.watch}</button>
      </div>
    </form>`;
}
