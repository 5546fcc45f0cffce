import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import { SOURCE_KINDS, type SourceKind } from "../address.ts";
import { icon } from "../kit/icon.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { type Devices, listDevices, NO_DEVICES } from "./devices.ts";
import { FilePicture } from "./file-picture.ts";
import { LevelMeters } from "./level-meters.ts";
import { initialChoice, type SourceChoice } from "./source-choice.ts";
import { fileOptions, microphoneAndCamera, soundOption } from "./source-options.ts";
import { SourcePreview } from "./source-preview.ts";

/** Chooses a source, and shows it before anyone else sees it. */
export class SourcePicker extends View<HTMLDivElement> {
  #choice: SourceChoice;
  #disabled = false;
  #devices: Devices = NO_DEVICES;
  readonly #meters = new LevelMeters();
  readonly #preview = new SourcePreview(
    () => this.#previewChanged(),
    (levels) => this.#meters.show(levels),
  );
  readonly #filePicture = new FilePicture(this.changed);
  readonly #onChange: (choice: SourceChoice) => void;

  readonly #soundIsFixed: boolean;

  /** `soundIsFixed`: whether the stream has sound is decided, and only devices are chosen. */
  constructor(
    kind: SourceKind,
    onChange: (choice: SourceChoice) => void,
    { signal, soundIsFixed = false }: { readonly signal: AbortSignal; readonly soundIsFixed?: boolean },
  ) {
    super(document.createElement("div"));
    this.root.className = "source-picker";
    this.#choice = initialChoice(kind);
    this.#onChange = onChange;
    this.#soundIsFixed = soundIsFixed;
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.#lookForDevices(), { signal });
    signal.addEventListener("abort", () => this.close(), { once: true });
    this.draw();
    void this.#lookForDevices();
  }

  get choice(): SourceChoice {
    return this.#choice;
  }

  set disabled(disabled: boolean) {
    this.#disabled = disabled;
    this.changed();
  }

  /** Shows what can be shown without a question; after `close()` as well. */
  show(): void {
    void this.#preview.follow(this.#choice);
    this.#filePicture.show(this.#choice.kind === "file" ? this.#choice.files[0] : undefined);
    this.changed();
  }

  /** Frees the devices. */
  close(): void {
    this.#preview.close();
    this.#filePicture.show(undefined);
    this.changed();
  }

  /** The camera or screen that is shown, for who goes live with it; undefined where none is. */
  take(): MediaStream | undefined {
    const stream = this.#preview.take();
    this.changed();
    return stream;
  }

  /** Files that were picked or dropped: they follow those that are there, and become the source. */
  addFiles(files: readonly File[]): void {
    if (files.length === 0) return;
    this.#change({ kind: "file", files: [...this.#choice.files, ...files] });
  }

  readonly #change = (changes: Partial<SourceChoice>): void => {
    const before = this.#choice;
    this.#choice = { ...before, ...changes };
    const same = (["kind", "cameraId", "microphoneId", "audio"] as const).every(
      (key) => before[key] === this.#choice[key],
    );
    // Who looks at a camera already wants to look at the other one; who does not has not been asked yet.
    if (!same && this.#choice.kind === "camera" && this.#preview.stream !== undefined)
      void this.#preview.open(this.#choice);
    else if (!same) void this.#preview.follow(this.#choice);
    this.#filePicture.show(this.#choice.kind === "file" ? this.#choice.files[0] : undefined);
    this.#onChange(this.#choice);
    this.changed();
  };

  #previewChanged(): void {
    // Names of devices are told only to a page that uses one.
    if (this.#preview.stream !== undefined) void this.#lookForDevices();
    this.changed();
  }

  async #lookForDevices(): Promise<void> {
    this.#devices = await listDevices();
    this.changed();
  }

  protected override template(): TemplateResult {
    const { kind } = this.#choice;
    const say = words.publish.source;
    return html`
      <fieldset class="sources" ?disabled=${this.#disabled}>
        <legend>${say.legend}</legend>
        ${SOURCE_KINDS.map((each) => this.#card(each))}
      </fieldset>
      <div class="studio-stage">${this.#stage()}</div>
      ${this.#preview.stream?.getAudioTracks().length ? this.#meters.root : nothing}
      <fieldset class="source-options" ?disabled=${this.#disabled} aria-label=${say.optionsOf(words.publish.sources[kind].name)}>
        ${this.#options()}
      </fieldset>
    `;
  }

  #card(kind: SourceKind): TemplateResult {
    const { name, note } = words.publish.sources[kind];
    return html`<label class="source">
      <input type="radio" name="source" value=${kind} .checked=${kind === this.#choice.kind} @change=${() => this.#change({ kind })} />
      ${icon(kind)}
      <span class="source-name">${name}</span>
      <span class="source-note">${note}</span>
    </label>`;
  }

  #stage(): TemplateResult {
    const { kind, files } = this.#choice;
    const { stream, asking, problem } = this.#preview;
    const say = words.publish.preview;
    if (stream !== undefined) {
      return html`<video playsinline autoplay .muted=${true} .srcObject=${stream} aria-label=${say.label(words.publish.sources[kind].name)} ${ref(play)}></video>`;
    }
    if (kind === "file" && files.length > 0 && this.#filePicture.playable) return html`${this.#filePicture.video}`;
    const open = (): void => void this.#preview.open(this.#choice);
    if (kind === "pattern" || kind === "file") {
      const sentence = kind === "pattern" ? say.pattern : files.length === 0 ? say.noFile : say.noPicture;
      return html`<div class="stage-words">${icon(kind)}<p>${sentence}</p></div>`;
    }
    return html`<div class="stage-words">
      ${icon(kind)}
      <p role="status">${asking ? say.asking[kind] : problem === undefined ? say.off[kind] : `${problem.cause} ${problem.remedy}`}</p>
      <button type="button" class="button" ?disabled=${asking || this.#disabled} @click=${open}>${problem === undefined ? say.open[kind] : say.again}</button>
    </div>`;
  }

  #options(): TemplateResult | typeof nothing {
    const choice = this.#choice;
    const change = this.#change;
    switch (choice.kind) {
      case "camera":
        return microphoneAndCamera({ choice, devices: this.#devices, change });
      case "screen":
        return soundOption({
          choice,
          change,
          label: words.publish.source.screenSound,
          note: words.publish.source.screenSoundNote,
        });
      case "file":
        return fileOptions({ choice, change, add: (files) => this.addFiles(files), soundIsFixed: this.#soundIsFixed });
      case "pattern":
        return this.#soundIsFixed ? nothing : soundOption({ choice, change, label: words.publish.source.sound });
    }
  }
}

/** A stream that is set by a script does not start everywhere by itself. */
function play(element?: Element): void {
  if (element instanceof HTMLVideoElement) element.play().catch(() => undefined);
}
