import { setUploadConsent, uploadRecord } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { fileSize } from "../kit/format.ts";
import { poll } from "../kit/poll.ts";
import { type Preferences, readPreferences } from "../kit/preferences.ts";
import { words } from "../words/words.ts";
import { checkField, Section } from "./section.ts";

const LOOK_MS = 5_000;
const BYTES_PER_MB = 1_000_000;
const MODES = ["share", "receive-only", "relay-only", "off"] as const satisfies readonly Preferences["peersMode"][];

/** How this browser takes part among viewers, and how much it sends. */
export class PeersSection extends Section {
  constructor(signal: AbortSignal) {
    super("peers");
    // Other tabs send.
    poll({ everyMs: LOOK_MS, signal, onlyShown: true }, async () => this.draw());
  }

  /** Another section has changed what this one speaks of. */
  refresh(): void {
    this.preferences = readPreferences();
    this.draw();
  }

  protected override template(): TemplateResult {
    const { heading, lead, consent, consentNote, background, metered, rate, rateNote, monthly, monthlyNote } =
      words.settings.peers;
    const isSending = this.preferences.peersMode === "share" || this.preferences.peersMode === "relay-only";
    return html`<h2 id="peers-heading">${heading}</h2>
      <p class="soft">${lead}</p>
      ${this.#modes()}
      ${
        isSending
          ? html`${checkField({
              id: "consent",
              label: consent,
              note: consentNote,
              checked: uploadRecord().consent === true,
              change: (event) => this.#consent((event.target as HTMLInputElement).checked),
              said: this.saidOf("consent"),
            })}
            ${this.check("uploadInBackground", background)}
            ${this.check("uploadOnMetered", metered)}
            <div class="field-pair">
              ${this.number("uploadKbps", rate, rateNote)}
              ${this.number("uploadMonthlyMB", monthly, monthlyNote)}
            </div>`
          : nothing
      }
      ${this.#sent()}`;
  }

  #modes(): TemplateResult {
    const { mode, modes, needsTurn } = words.settings.peers;
    const { peersMode, turnUrl } = this.preferences;
    return html`<fieldset class="modes">
      <legend>${mode}</legend>
      ${MODES.map(
        (each) => html`<label class="choice-row">
          <input
            type="radio" name="peersMode" value=${each} .checked=${each === peersMode}
            @change=${() => this.change("peersMode", { peersMode: each })} />
          <span><span class="choice-title">${modes[each].name}</span><span class="note">${modes[each].note}</span></span>
        </label>`,
      )}
      ${peersMode === "relay-only" && turnUrl === "" ? html`<p class="said said-bad" role="status">${needsTurn}</p>` : nothing}
      ${this.saidOf("peersMode")}
    </fieldset>`;
  }

  #sent(): TemplateResult {
    const { sent, sentOf, meter } = words.settings.peers;
    const { monthBytes } = uploadRecord();
    const capBytes = this.preferences.uploadMonthlyMB * BYTES_PER_MB;
    if (capBytes === 0) return html`<p class="sent">${sent(fileSize(monthBytes))}</p>`;
    return html`<p class="sent">${sentOf(fileSize(monthBytes), fileSize(capBytes))}</p>
      <meter min="0" max=${capBytes} high=${capBytes * 0.9} value=${monthBytes} aria-label=${meter}></meter>`;
  }

  #consent(given: boolean): void {
    try {
      setUploadConsent(given);
      this.say("consent", words.settings.saved);
    } catch {
      this.say("consent", words.settings.notSaved, false);
    }
  }
}
