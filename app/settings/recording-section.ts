import type { Relay } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { explain } from "../kit/messages.ts";
import { words } from "../words/words.ts";
import { Section } from "./section.ts";

const MINUTE_MS = 60_000;
const CHOICES = [15, 60, 120, 240, 480, 720];

/** How much of each stream is kept. The worker stores it beside the streams. */
export class RecordingSection extends Section {
  readonly #relay: Promise<Relay>;
  /** As the worker says; undefined before it has, and `unknown` where it does not. */
  #windowMs: number | "none" | "unknown" | undefined;
  /** One that would delete something, and is asked about first. */
  #asked: number | undefined;

  constructor(relay: Promise<Relay>) {
    super("recording");
    this.#relay = relay;
    this.draw();
    void this.#look();
  }

  protected override template(): TemplateResult {
    const { recording } = words.settings;
    const windowMs = this.#windowMs;
    return html`<h2 id="recording-heading">${recording.heading}</h2>
      ${
        typeof windowMs === "number"
          ? html`<div class="field">
              <label for="window">${recording.label}</label>
              ${this.#select(windowMs)}
              <p class="note" id="note-window">${recording.note}</p>
              ${this.#question()}
              ${this.saidOf("window")}
            </div>`
          : html`${windowMs === "unknown" ? nothing : html`<p class="soft" role="status">${windowMs === "none" ? recording.none : recording.looking}</p>`}${this.saidOf("window")}`
      }`;
  }

  #select(windowMs: number): TemplateResult {
    const now = windowMs / MINUTE_MS;
    const shown = (this.#asked ?? windowMs) / MINUTE_MS;
    const minutes = [...new Set([...CHOICES, now])].sort((a, b) => a - b);
    const choose = (event: Event): void => {
      void this.#choose(Number((event.target as HTMLSelectElement).value) * MINUTE_MS);
    };
    return html`<select id="window" aria-describedby="note-window said-window" .value=${live(String(shown))} @change=${choose}>
      ${minutes.map(
        (each) =>
          html`<option value=${each} ?selected=${each === shown}>${words.settings.recording.windows(each)}</option>`,
      )}
    </select>`;
  }

  #question(): TemplateResult | typeof nothing {
    if (this.#asked === undefined) return nothing;
    const { windows, question, yes, no } = words.settings.recording;
    const asked = this.#asked;
    return html`<div class="kept-asking" role="group" aria-labelledby="window-question">
      <p id="window-question">${question(windows(asked / MINUTE_MS))}</p>
      <div class="kept-buttons">
        <button type="button" class="button small" @click=${() => this.#leave()}>${no}</button>
        <button type="button" class="button small danger" @click=${() => this.#set(asked)}>${yes}</button>
      </div>
    </div>`;
  }

  async #look(): Promise<void> {
    try {
      const { storage } = await (await this.#relay).stats();
      this.#windowMs = storage?.windowMs ?? "none";
      this.draw();
    } catch (thrown) {
      this.#windowMs = "unknown";
      this.say("window", explain(thrown).cause, false);
    }
  }

  /** What deletes nothing needs no question. */
  async #choose(windowMs: number): Promise<void> {
    try {
      const streams = await (await this.#relay).streams();
      const isLonger = streams.some(({ kept }) => kept !== undefined && !kept.pinned && kept.windowMs > windowMs);
      if (!isLonger) return await this.#set(windowMs);
      this.#asked = windowMs;
      this.say("window", "");
      this.root.querySelector<HTMLElement>(".kept-asking button")?.focus();
    } catch (thrown) {
      this.say("window", explain(thrown).cause, false);
    }
  }

  async #set(windowMs: number): Promise<void> {
    const { set, windows } = words.settings.recording;
    try {
      await (await this.#relay).setDvrWindow(windowMs);
      this.#windowMs = windowMs;
      this.#leave();
      this.say("window", set(windows(windowMs / MINUTE_MS)));
    } catch (thrown) {
      this.#leave();
      this.say("window", explain(thrown).cause, false);
    }
  }

  #leave(): void {
    const hadFocus = this.root.querySelector(".kept-asking")?.contains(document.activeElement) === true;
    this.#asked = undefined;
    this.draw();
    if (hadFocus) this.root.querySelector("select")?.focus();
  }
}
