import { MAX_TITLE_LENGTH, type Relay, type StreamSummary } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { icon } from "../kit/icon.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { titleOf } from "./stream-facts.ts";

export interface KeptListener {
  /** Something was done, and this says what; the figures are to be read anew. */
  changed(sentence: string): void;
  /** The stream is gone. */
  removed(sentence: string): void;
  failed(thrown: unknown): void;
}

type Mode = "buttons" | "renaming" | "deleting";

/** Pin, rename and delete one stream; each is done on its place, and focus stays with it. */
export class KeptControls extends View<HTMLDivElement> {
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #listener: KeptListener;
  /** What else can be done with it, after these. */
  readonly #more: () => TemplateResult | typeof nothing;
  #stream: StreamSummary;
  #mode: Mode = "buttons";
  #busy = false;

  constructor(
    stream: StreamSummary,
    relay: Promise<Relay>,
    listener: KeptListener,
    more: () => TemplateResult | typeof nothing = () => nothing,
  ) {
    super(document.createElement("div"));
    this.#name = stream.name;
    this.#stream = stream;
    this.#relay = relay;
    this.#listener = listener;
    this.#more = more;
    this.root.className = "kept-controls";
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#mode === "buttons") return;
      event.preventDefault();
      this.#enter("buttons");
    });
    this.draw();
  }

  get element(): HTMLDivElement {
    return this.root;
  }

  update(stream: StreamSummary): void {
    this.#stream = stream;
    this.draw();
  }

  protected override template(): TemplateResult {
    switch (this.#mode) {
      case "renaming":
        return this.#renaming();
      case "deleting":
        return this.#deleting();
      case "buttons":
        return this.#buttons();
    }
  }

  #buttons(): TemplateResult {
    const { library } = words;
    const { kept, state } = this.#stream;
    const title = titleOf(this.#stream);
    const pinned = kept?.pinned === true;
    return html`<div class="kept-buttons">
      ${
        kept === undefined
          ? nothing
          : html`<button
                type="button" class="button small pin" aria-pressed=${String(pinned)} aria-label=${library.pinLabel(title)}
                @click=${() => this.#togglePin()}>${icon("pin")}${pinned ? library.pinned : library.pin}</button>
              <button
                type="button" class="button small" data-does="renaming" aria-label=${library.renameLabel(title)}
                @click=${() => this.#enter("renaming")}>${library.rename}</button>`
      }
      ${this.#more()}
      ${
        // Its publisher would bring it back: it is ended there first.
        state === "live"
          ? nothing
          : html`<button
              type="button" class="button small" data-does="deleting" aria-label=${library.deleteLabel(title)}
              @click=${() => this.#enter("deleting")}>${library.delete}</button>`
      }
    </div>`;
  }

  #renaming(): TemplateResult {
    const { library, common } = words;
    const id = `title-of-${this.#name}`;
    const save = (event: SubmitEvent): void => {
      event.preventDefault();
      void this.#saveTitle(this.root.querySelector("input")?.value.trim() ?? "");
    };
    return html`<form class="kept-rename" @submit=${save}>
      <label for=${id}>${library.renameField}</label>
      <div class="field-row">
        <input id=${id} dir="auto" maxlength=${MAX_TITLE_LENGTH} autocomplete="off" value=${titleOf(this.#stream)} />
        <button class="button small primary">${library.save}</button>
        <button type="button" class="button small quiet" @click=${() => this.#enter("buttons")}>${common.cancel}</button>
      </div>
    </form>`;
  }

  #deleting(): TemplateResult {
    const { library } = words;
    const id = `delete-${this.#name}`;
    return html`<div class="kept-asking" role="group" aria-labelledby=${id}>
      <p id=${id}>${library.deleteQuestion(titleOf(this.#stream))}</p>
      <div class="kept-buttons">
        <button type="button" class="button small" @click=${() => this.#enter("buttons")}>${library.deleteNo}</button>
        <button type="button" class="button small danger" @click=${() => this.#remove()}>${library.deleteYes}</button>
      </div>
    </div>`;
  }

  /** Focus goes to what is asked, and afterwards back to where the question came from. */
  #enter(mode: Mode): void {
    const from = this.#mode;
    this.#mode = mode;
    this.draw();
    const asked = this.root.querySelector<HTMLElement>(mode === "buttons" ? `[data-does="${from}"]` : "input, button");
    asked?.focus();
    if (asked instanceof HTMLInputElement) asked.select();
  }

  #togglePin(): Promise<void> {
    const on = this.#stream.kept?.pinned !== true;
    return this.#do(async (relay) => {
      await relay.pin(this.#name, on);
      const { kept } = this.#stream;
      if (kept !== undefined) this.update({ ...this.#stream, kept: { ...kept, pinned: on } });
      const { pinDone, unpinDone } = words.library;
      this.#listener.changed((on ? pinDone : unpinDone)(titleOf(this.#stream)));
    });
  }

  #saveTitle(asked: string): Promise<void> {
    // The name itself is no title: a stream that is called by its name has none.
    const title = asked === this.#name ? "" : asked;
    return this.#do(async (relay) => {
      await relay.rename(this.#name, title);
      const { kept } = this.#stream;
      if (kept !== undefined) {
        const { title: _, ...untitled } = kept;
        this.#stream = { ...this.#stream, kept: title === "" ? untitled : { ...untitled, title } };
      }
      this.#enter("buttons");
      this.#listener.changed(words.library.renamed(title || this.#name));
    });
  }

  #remove(): Promise<void> {
    return this.#do(async (relay) => {
      await relay.remove(this.#name);
      this.#listener.removed(words.library.deleted(titleOf(this.#stream)));
    });
  }

  /** One thing at a time; buttons stay enabled, since one that is disabled loses the focus. */
  async #do(step: (relay: Relay) => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await step(await this.#relay);
    } catch (thrown) {
      this.#listener.failed(thrown);
    } finally {
      this.#busy = false;
    }
  }
}
