import type { Relay } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";
import { clearAll } from "./clear-all.ts";
import { Section } from "./section.ts";

/** Deletes everything, after a question. */
export class DataSection extends Section {
  readonly #relay: Promise<Relay>;
  #state: "idle" | "asking" | "clearing" = "idle";

  constructor(relay: Promise<Relay>) {
    super("data");
    this.#relay = relay;
    this.draw();
  }

  protected override template(): TemplateResult {
    const { heading, lead, clear, question, yes, no } = words.settings.data;
    return html`<h2 id="data-heading">${heading}</h2>
      <p class="soft">${lead}</p>
      ${
        this.#state === "asking"
          ? html`<div class="kept-asking" role="group" aria-labelledby="clear-question">
              <p id="clear-question">${question}</p>
              <div class="kept-buttons">
                <button type="button" class="button" data-does="keep" @click=${() => this.#ask(false)}>${no}</button>
                <button type="button" class="button danger" @click=${() => this.#clear()}>${yes}</button>
              </div>
            </div>`
          : nothing
      }
      ${
        this.#state === "idle"
          ? html`<div><button type="button" class="button danger" data-does="ask" @click=${() => this.#ask(true)}>${clear}</button></div>`
          : nothing
      }
      ${this.saidOf("clear")}`;
  }

  #ask(asking: boolean): void {
    this.#state = asking ? "asking" : "idle";
    this.say("clear", "");
    this.root.querySelector<HTMLElement>(asking ? "[data-does=keep]" : "[data-does=ask]")?.focus();
  }

  async #clear(): Promise<void> {
    const { live, clearing, failed } = words.settings.data;
    try {
      const relay = await this.#relay;
      if ((await relay.streams()).some(({ state }) => state === "live")) {
        this.#ask(false);
        this.say("clear", live, false);
        return;
      }
      this.#state = "clearing";
      this.say("clear", clearing);
      await clearAll(relay);
      location.assign("./");
    } catch {
      this.#state = "idle";
      this.say("clear", failed, false);
    }
  }
}
