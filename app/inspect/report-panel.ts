import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";

/** Copies all that is seen here, for somebody else to look at. */
export class ReportPanel extends View {
  readonly #make: () => Promise<unknown>;
  #text = "";
  #said: "" | "making" | "copied" | "failed" = "";

  constructor(make: () => Promise<unknown>) {
    super(h("section", { class: "panel", "aria-labelledby": "report-heading" }));
    this.#make = make;
    this.draw();
  }

  protected override template(): TemplateResult {
    const { report } = words.inspect;
    return html`
      <h2 id="report-heading">${report.title}</h2>
      <p class="soft">${report.hint}</p>
      <div class="button-row">
        <button type="button" class="button primary" @click=${() => void this.#copy()}>${report.copy}</button>
        <p class="soft" role="status" data-report=${this.#said}>${this.#said === "" ? "" : report[this.#said]}</p>
      </div>
      ${
        this.#text === ""
          ? ""
          : html`<details ?open=${this.#said === "failed"}><summary>${report.show}</summary>
              <pre class="report" tabindex="0" role="region" aria-label=${report.title}>${this.#text}</pre></details>`
      }
    `;
  }

  async #copy(): Promise<void> {
    this.#said = "making";
    this.draw();
    this.#text = JSON.stringify(await this.#make(), undefined, 2);
    try {
      await navigator.clipboard.writeText(this.#text);
      this.#said = "copied";
    } catch {
      this.#said = "failed";
    }
    this.changed();
  }
}
