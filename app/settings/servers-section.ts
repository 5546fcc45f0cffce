import { html, nothing, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";
import { type AddressField, addressFault } from "./check-address.ts";
import { probe } from "./probes.ts";
import { Section } from "./section.ts";

const EXAMPLES: Readonly<Record<AddressField, string>> = {
  signalUrl: "wss://signal.example.org",
  turnUrl: "turn:turn.example.org:3478",
  moqUrl: "https://relay.example.org/live",
};

/** Addresses of servers, none of which is needed for this browser alone. */
export class ServersSection extends Section {
  /** Told when something was stored that other sections speak of. */
  readonly #onChange: () => void;
  #probing: AddressField | undefined;

  constructor(onChange: () => void) {
    super("servers");
    this.#onChange = onChange;
    this.draw();
  }

  protected override template(): TemplateResult {
    const { servers } = words.settings;
    const { turnUrl } = this.preferences;
    return html`<h2 id="servers-heading">${servers.heading}</h2>
      <p class="soft">${servers.lead}</p>
      ${this.#address("signalUrl", servers.signalUrl, servers.signalUrlNote)}
      ${this.#address("turnUrl", servers.turnUrl, servers.turnUrlNote)}
      ${
        turnUrl === ""
          ? nothing
          : html`<div class="field-pair">
              ${this.#text("turnUser", servers.turnUser, "text")}
              ${this.#text("turnPassword", servers.turnPassword, "password", servers.turnPasswordNote)}
            </div>`
      }
      ${this.#address("moqUrl", servers.moqUrl, servers.moqUrlNote)}`;
  }

  #address(field: AddressField, label: string, note: string): TemplateResult {
    const { probe: test, probeLabel } = words.settings;
    // Without an address there is the relay beside this page, and nothing else.
    const canTest = field === "signalUrl" || this.preferences[field] !== "";
    return html`<div class="field">
      <label for=${field}>${label}</label>
      <div class="field-row">
        <input
          id=${field} type="url" inputmode="url" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="300"
          placeholder=${EXAMPLES[field]} .value=${this.preferences[field]} aria-describedby="note-${field} said-${field}"
          @change=${(event: Event) => this.#store(field, event.target as HTMLInputElement)} />
        ${
          canTest
            ? html`<button
                type="button" class="button" aria-label=${probeLabel(label)} aria-disabled=${String(this.#probing !== undefined)}
                @click=${() => this.#probe(field)}>${test}</button>`
            : nothing
        }
      </div>
      <p class="note" id="note-${field}">${note}</p>
      ${this.saidOf(field)}
    </div>`;
  }

  #text(field: "turnUser" | "turnPassword", label: string, type: string, note?: string): TemplateResult {
    return html`<div class="field">
      <label for=${field}>${label}</label>
      <input
        id=${field} type=${type} autocomplete="off" maxlength="300" .value=${this.preferences[field]} aria-describedby="said-${field}"
        @change=${(event: Event) => this.change(field, { [field]: (event.target as HTMLInputElement).value })} />
      ${note === undefined ? nothing : html`<p class="note">${note}</p>`}
      ${this.saidOf(field)}
    </div>`;
  }

  #store(field: AddressField, input: HTMLInputElement): void {
    const text = input.value.trim();
    const fault = addressFault(field, text);
    const { faults, notStored } = words.settings.servers;
    input.setAttribute("aria-invalid", String(fault !== undefined));
    if (fault !== undefined) {
      this.say(field, `${faults[fault](EXAMPLES[field])} ${notStored}`, false);
      return;
    }
    this.change(field, { [field]: text });
    this.#onChange();
  }

  async #probe(field: AddressField): Promise<void> {
    if (this.#probing !== undefined) return;
    this.#probing = field;
    this.say(field, words.settings.probing);
    const { ok, sentence } = await probe(field, this.preferences);
    this.#probing = undefined;
    this.say(field, sentence, ok);
  }
}
