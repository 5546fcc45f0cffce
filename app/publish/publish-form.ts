import type { PublishAddress, SourceKind } from "../address.ts";
import { SOURCE_KINDS } from "../address.ts";
import { h, icon, setText } from "../kit/dom.ts";
import { LatencyField } from "./latency.ts";

/** What a person chose, complete. */
export interface PublishSettings {
  readonly name: string;
  readonly source: SourceKind;
  readonly partTargetMs: number;
  readonly audio: boolean;
  /** With the source `file`. */
  readonly file?: File;
  readonly loop: boolean;
  /** Other people may watch, over the network. */
  readonly shared: boolean;
}

const SOURCES: Readonly<Record<SourceKind, { readonly name: string; readonly note: string }>> = {
  pattern: { name: "Test pattern", note: "a clock and a tone; asks nothing" },
  camera: { name: "Camera", note: "with microphone" },
  screen: { name: "Screen", note: "a tab, a window or all of it" },
  file: { name: "File", note: "MP4, MOV, WebM, MKV or audio" },
};

/** The form that starts a stream. */
export class PublishForm {
  readonly element: HTMLFormElement;
  readonly #name: HTMLInputElement;
  readonly #latency: LatencyField;
  readonly #sources = new Map<SourceKind, HTMLInputElement>();
  readonly #audio = h("input", { type: "checkbox", checked: true });
  readonly #shared: HTMLInputElement;
  readonly #loop = h("input", { type: "checkbox", checked: true });
  readonly #picker = h("input", {
    type: "file",
    id: "file",
    accept: "video/*,audio/*,.mkv",
    class: "file-input visually-hidden",
  });
  readonly #fileName = h("span", { class: "drop-name", "aria-live": "polite" }, "No file chosen");
  readonly #fileFields: HTMLElement;
  readonly #hint = h("p", { class: "status", role: "status" });
  readonly #submit = h("button", { class: "button primary large" }, "Go live");
  readonly #cancel = h("button", { type: "button", class: "button large", hidden: true }, "Cancel");
  #file: File | undefined;

  constructor(
    address: PublishAddress,
    name: string,
    on: { readonly submit: (settings: PublishSettings) => void; readonly cancel: () => void },
  ) {
    this.#latency = new LatencyField(address.partTargetMs);
    this.#shared = h("input", {
      type: "checkbox",
      checked: address.peers === "on",
      "aria-describedby": "shared-note",
    });
    this.#name = h("input", {
      id: "stream-name",
      required: true,
      maxlength: 64,
      pattern: "[A-Za-z0-9._\\-]{1,64}",
      value: name,
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-describedby": "name-note",
    });
    const drop = h(
      "label",
      { class: "drop", for: "file" },
      icon("file"),
      h("span", {}, h("strong", {}, "Choose a file"), " or drop one on this page"),
      this.#fileName,
    );
    this.#fileFields = h(
      "div",
      { class: "file-fields", hidden: true },
      this.#picker,
      drop,
      h("label", { class: "check" }, this.#loop, "Start again at its end"),
    );
    this.element = h(
      "form",
      { class: "publish-form", "aria-label": "Publish" },
      h(
        "fieldset",
        { class: "sources" },
        h("legend", {}, "Source"),
        ...SOURCE_KINDS.map((kind) => this.#sourceCard(kind, kind === address.source)),
      ),
      this.#fileFields,
      h("label", { class: "check" }, this.#audio, "With sound"),
      this.#latency.element,
      h(
        "div",
        { class: "field" },
        h("label", { for: "stream-name" }, "Name"),
        this.#name,
        h(
          "p",
          { class: "note", id: "name-note" },
          "Viewers find the stream by it. Letters, digits, dots, hyphens, underscores.",
        ),
      ),
      h(
        "div",
        { class: "field" },
        h("label", { class: "check" }, this.#shared, "Let others watch, over the network"),
        h(
          "p",
          { class: "note", id: "shared-note" },
          "Off unless you switch it on. Viewers connect to this browser and see its network address; it sends about two copies, however many watch.",
        ),
      ),
      h("div", { class: "button-row" }, this.#submit, this.#cancel),
      this.#hint,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      on.submit(this.settings);
    });
    this.element.addEventListener("change", () => this.#sourceChanged());
    this.#cancel.addEventListener("click", on.cancel);
    this.#picker.addEventListener("change", () => {
      const [file] = this.#picker.files ?? [];
      if (file !== undefined) this.setFile(file);
    });
    this.#sourceChanged();
  }

  get settings(): PublishSettings {
    const source = SOURCE_KINDS.find((kind) => this.#sources.get(kind)?.checked) ?? "pattern";
    return {
      name: this.#name.value.trim(),
      source,
      partTargetMs: this.#latency.partTargetMs,
      audio: this.#audio.checked,
      loop: this.#loop.checked,
      shared: this.#shared.checked,
      ...(this.#file === undefined ? {} : { file: this.#file }),
    };
  }

  /** A file that was picked or dropped; makes it the source. */
  setFile(file: File): void {
    this.#file = file;
    setText(this.#fileName, `${file.name} (${fileSize(file.size)})`);
    const card = this.#sources.get("file");
    if (card !== undefined) card.checked = true;
    this.#sourceChanged();
  }

  /** A name nobody asked for may still give way to a free one. */
  suggestName(name: string): void {
    this.#name.value = name;
  }

  /** Says something about the form; empty for nothing. */
  hint(sentence: string): void {
    setText(this.#hint, sentence);
  }

  /** While a stream is being started nothing can be changed, but it can be called off. */
  set busy(busy: boolean) {
    const hadFocus = this.element.contains(document.activeElement);
    for (const control of this.element.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input, button")) {
      control.disabled = busy && control !== this.#cancel;
    }
    this.#cancel.hidden = !busy;
    this.element.setAttribute("aria-busy", String(busy));
    // Only where the disabled button would lose the focus: a stream that starts with the page takes none.
    if (busy && hadFocus) this.#cancel.focus();
  }

  focusSubmit(): void {
    this.#submit.focus({ preventScroll: true });
  }

  #sourceCard(kind: SourceKind, checked: boolean): HTMLElement {
    const input = h("input", { type: "radio", name: "source", value: kind, checked });
    this.#sources.set(kind, input);
    const { name, note } = SOURCES[kind];
    return h(
      "label",
      { class: "source" },
      input,
      icon(kind),
      h("span", { class: "source-name" }, name),
      h("span", { class: "source-note" }, note),
    );
  }

  #sourceChanged(): void {
    this.#fileFields.hidden = this.#sources.get("file")?.checked !== true;
    this.hint("");
  }
}

function fileSize(sizeBytes: number): string {
  const megabytes = sizeBytes / 1_000_000;
  return megabytes < 1 ? `${Math.ceil(sizeBytes / 1000)} kB` : `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB`;
}
