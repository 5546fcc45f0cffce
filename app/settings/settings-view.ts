import type { Relay } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { changePreferences, readPreferences } from "../kit/preferences.ts";
import { type PageContext, View } from "../kit/view.ts";
import { languages, words } from "../words/words.ts";
import { DataSection } from "./data-section.ts";
import { PeersSection } from "./peers-section.ts";
import { RecordingSection } from "./recording-section.ts";
import { ServersSection } from "./servers-section.ts";

/** What a person chooses once, for every stream. */
export class SettingsView extends View {
  readonly #peers: PeersSection;
  readonly #servers: ServersSection;
  readonly #recording: RecordingSection;
  readonly #data: DataSection;
  #version = "";

  constructor({ main, relay, signal }: PageContext) {
    super(main);
    this.#peers = new PeersSection(signal);
    this.#servers = new ServersSection(() => this.#peers.refresh());
    this.#recording = new RecordingSection(relay);
    this.#data = new DataSection(relay);
    this.draw();
    void this.#look(relay);
  }

  protected override template(): TemplateResult {
    const { heading, lead, about } = words.settings;
    return html`<div class="settings">
      <div class="view-head library-head"><h1>${heading}</h1><p class="soft">${lead}</p></div>
      ${this.#recording.root}
      ${this.#peers.root}
      ${this.#servers.root}
      ${languages.length > 1 ? this.#language() : nothing}
      ${this.#data.root}
      <section class="settings-about" aria-labelledby="about-heading">
        <h2 id="about-heading">${about.heading}</h2>
        <p class="soft">${this.#version === "" ? "" : html`${about.version(this.#version)}. `}${about.licence}</p>
      </section>
    </div>`;
  }

  #language(): TemplateResult {
    const { heading, label, browser, note } = words.settings.language;
    const chosen = readPreferences().language;
    const choose = (event: Event): void => {
      changePreferences({ language: (event.target as HTMLSelectElement).value });
      location.reload();
    };
    return html`<section class="panel settings-section" aria-labelledby="language-heading">
      <h2 id="language-heading">${heading}</h2>
      <div class="field">
        <label for="language">${label}</label>
        <select id="language" aria-describedby="note-language" @change=${choose}>
          <option value="" ?selected=${chosen === ""}>${browser}</option>
          ${languages.map(
            ({ code, name }) => html`<option value=${code} lang=${code} ?selected=${code === chosen}>${name}</option>`,
          )}
        </select>
        <p class="note" id="note-language">${note}</p>
      </div>
    </section>`;
  }

  async #look(relay: Promise<Relay>): Promise<void> {
    try {
      this.#version = (await (await relay).stats()).version;
      this.draw();
    } catch {
      // The page says elsewhere that there is no relay.
    }
  }
}
