import { MAX_TITLE_LENGTH, type Relay, type StreamSummary } from "eddy-hls";
import { h, icon, setText } from "../kit/dom.ts";

export interface KeptListener {
  /** Something was done, and this says what; the figures are to be read anew. */
  changed(sentence: string): void;
  /** The stream is gone. */
  removed(sentence: string): void;
  failed(thrown: unknown): void;
}

/** What a person calls a stream. */
export function titleOf({ name, kept }: StreamSummary): string {
  return kept?.title ?? name;
}

type Mode = "buttons" | "renaming" | "deleting";

/** Pin, rename and delete one stream; each is done on its place, and focus stays with it. */
export class KeptControls {
  readonly element = h("div", { class: "kept-controls" });
  readonly #name: string;
  readonly #relay: Promise<Relay>;
  readonly #listener: KeptListener;
  readonly #pin = h("button", { type: "button", class: "button small pin", "aria-pressed": "false" });
  readonly #rename = h("button", { type: "button", class: "button small" }, "Rename");
  readonly #delete = h("button", { type: "button", class: "button small" }, "Delete");
  readonly #buttons = h("div", { class: "kept-buttons" }, this.#pin, this.#rename, this.#delete);
  readonly #title = h("input", { maxlength: MAX_TITLE_LENGTH, autocomplete: "off" });
  readonly #form = h("form", { class: "kept-rename", hidden: true });
  readonly #question = h("p", {});
  readonly #confirm = h("button", { type: "button", class: "button small danger" }, "Delete it");
  readonly #refuse = h("button", { type: "button", class: "button small" }, "Keep it");
  readonly #asking = h("div", { class: "kept-asking", role: "group", hidden: true });
  #stream: StreamSummary;
  #busy = false;

  constructor(stream: StreamSummary, relay: Promise<Relay>, listener: KeptListener) {
    this.#name = stream.name;
    this.#stream = stream;
    this.#relay = relay;
    this.#listener = listener;
    const cancel = h("button", { type: "button", class: "button small quiet" }, "Cancel");
    const fieldId = `title-of-${stream.name}`;
    this.#title.id = fieldId;
    this.#pin.append(icon("pin"), "Pin");
    this.#form.append(
      h("label", { for: fieldId }, "Title"),
      h("div", { class: "field-row" }, this.#title, h("button", { class: "button small primary" }, "Save"), cancel),
    );
    this.#question.id = `delete-${stream.name}`;
    this.#asking.setAttribute("aria-labelledby", this.#question.id);
    this.#asking.append(this.#question, h("div", { class: "kept-buttons" }, this.#refuse, this.#confirm));
    this.element.append(this.#buttons, this.#form, this.#asking);

    this.#pin.addEventListener("click", () => void this.#togglePin());
    this.#rename.addEventListener("click", () => {
      this.#title.value = titleOf(this.#stream);
      this.#enter("renaming", this.#title);
      this.#title.select();
    });
    this.#delete.addEventListener("click", () => this.#enter("deleting", this.#refuse));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#saveTitle();
    });
    cancel.addEventListener("click", () => this.#enter("buttons", this.#rename));
    this.#refuse.addEventListener("click", () => this.#enter("buttons", this.#delete));
    this.#confirm.addEventListener("click", () => void this.#remove());
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#buttons.hidden) return;
      event.preventDefault();
      this.#enter("buttons", this.#form.hidden ? this.#delete : this.#rename);
    });
    this.update(stream);
  }

  update(stream: StreamSummary): void {
    this.#stream = stream;
    const { kept } = stream;
    const title = titleOf(stream);
    this.#pin.hidden = kept === undefined;
    this.#rename.hidden = kept === undefined;
    this.#pin.setAttribute("aria-pressed", String(kept?.pinned === true));
    this.#pin.setAttribute("aria-label", `Pin ${title}`);
    this.#rename.setAttribute("aria-label", `Rename ${title}`);
    this.#delete.setAttribute("aria-label", `Delete ${title}`);
    // Its publisher would bring it back: it is ended there first.
    this.#delete.hidden = stream.state === "live" && this.#asking.hidden;
    setText(this.#question, `Delete “${title}”? It cannot be brought back.`);
  }

  #enter(mode: Mode, focus: HTMLElement): void {
    this.#buttons.hidden = mode !== "buttons";
    this.#form.hidden = mode !== "renaming";
    this.#asking.hidden = mode !== "deleting";
    focus.focus();
  }

  #togglePin(): Promise<void> {
    const on = this.#stream.kept?.pinned !== true;
    return this.#do(async (relay) => {
      await relay.pin(this.#name, on);
      this.#pin.setAttribute("aria-pressed", String(on));
      const title = titleOf(this.#stream);
      this.#listener.changed(on ? `“${title}” is pinned: it stays.` : `“${title}” is no longer pinned.`);
    });
  }

  #saveTitle(): Promise<void> {
    const asked = this.#title.value.trim();
    // The name itself is no title: a stream that is called by its name has none.
    const title = asked === this.#name ? "" : asked;
    return this.#do(async (relay) => {
      await relay.rename(this.#name, title);
      this.#enter("buttons", this.#rename);
      this.#listener.changed(`It is called “${title || this.#name}” now.`);
    });
  }

  #remove(): Promise<void> {
    return this.#do(async (relay) => {
      await relay.remove(this.#name);
      this.#listener.removed(`“${titleOf(this.#stream)}” is deleted.`);
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
