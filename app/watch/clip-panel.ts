import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { clockTime, fileSize, seconds, timeOfDay } from "../kit/format.ts";
import { isAbort } from "../kit/messages.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { type ClipSize, downloadClip, measureClip } from "./clip-file.ts";
import { type ClipMarks, clipUrl, fileName, fileTime, marked, momentOf, timeField } from "./clip-range.ts";
import type { StoredWindow } from "./stored-window.ts";

const DEFAULT_MS = 30_000;
/** Who turns a field by its arrows is waited for. */
const MEASURE_AFTER_MS = 300;

/** What the panel needs of the player. */
export interface ClipSource {
  readonly name: string;
  readonly signal: AbortSignal;
  /** URL of the stream's playlist. */
  readonly url: () => string;
  readonly window: () => StoredWindow;
  /** When what is shown was captured; 0 while that is not known. */
  readonly nowMs: () => number;
  /** The marks have changed, or the panel was opened or closed. */
  readonly changed: () => void;
  readonly failed: (thrown: unknown) => void;
}

/** Marks a stretch of what is stored, says what it will be, and saves it as a file. */
export class ClipPanel extends View {
  readonly #source: ClipSource;
  #marks: ClipMarks | undefined;
  #isOpen = false;
  #size: ClipSize | "measuring" | "outside" | undefined;
  #said = "";
  #typedName = "";
  #measuring: AbortController | undefined;
  #download: AbortController | undefined;
  #progress = { doneBytes: 0, sizeBytes: 0 };

  constructor(source: ClipSource) {
    super(document.createElement("section"));
    this.#source = source;
    this.root.className = "panel clip-panel";
    this.root.setAttribute("aria-labelledby", "clip-heading");
    this.root.hidden = true;
    this.root.id = "clip-panel";
    source.signal.addEventListener("abort", () => {
      this.#measuring?.abort();
      this.#download?.abort();
    });
    this.draw();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Undefined while nothing is marked. */
  get marks(): ClipMarks | undefined {
    return this.#isOpen ? this.#marks : undefined;
  }

  open(): void {
    this.#isOpen = true;
    this.root.hidden = false;
    if (this.#marks === undefined) this.#mark(this.#lastThirty());
    this.changed();
    this.#source.changed();
  }

  close(): void {
    this.#isOpen = false;
    this.root.hidden = true;
    this.#measuring?.abort();
    this.#source.changed();
  }

  /** Marks what is shown now as the clip's beginning or end. Returns that moment; undefined where it has no date. */
  markNow(end: "in" | "out"): number | undefined {
    const nowMs = this.#source.nowMs();
    if (nowMs === 0) return undefined;
    const before = this.#marks ?? { fromMs: nowMs - DEFAULT_MS, toMs: nowMs };
    this.#mark(marked(before, end, nowMs));
    if (!this.#isOpen) this.open();
    return nowMs;
  }

  #lastThirty(): ClipMarks {
    const { endS, wallMsAt } = this.#source.window();
    const toMs = wallMsAt(endS) ?? Date.now();
    return { fromMs: toMs - DEFAULT_MS, toMs };
  }

  #mark(marks: ClipMarks): void {
    this.#marks = marks;
    this.#said = "";
    this.#size = marks.toMs > marks.fromMs ? "measuring" : undefined;
    this.changed();
    this.#source.changed();
    void this.#measure(marks);
  }

  async #measure(marks: ClipMarks): Promise<void> {
    this.#measuring?.abort();
    this.#measuring = new AbortController();
    const { signal } = this.#measuring;
    if (marks.toMs <= marks.fromMs) return;
    await new Promise((resolve) => setTimeout(resolve, MEASURE_AFTER_MS));
    try {
      if (signal.aborted) return;
      const size = await measureClip(clipUrl(this.#source.url(), marks), signal);
      if (!signal.aborted) this.#size = size ?? "outside";
    } catch {
      if (!signal.aborted) this.#size = "outside";
    }
    this.changed();
  }

  #typed(end: "in" | "out", field: HTMLInputElement): void {
    const { endS, wallMsAt } = this.#source.window();
    const wallMs = momentOf(field.value, wallMsAt(endS) ?? Date.now());
    if (wallMs === undefined || this.#marks === undefined) return;
    this.#mark(end === "in" ? { ...this.#marks, fromMs: wallMs } : { ...this.#marks, toMs: wallMs });
  }

  async #save(): Promise<void> {
    const marks = this.#marks;
    const isNothing = this.#size === "outside" || this.#size === undefined;
    if (marks === undefined || this.#download !== undefined || isNothing) return;
    const stop = new AbortController();
    this.#download = stop;
    this.#progress = { doneBytes: 0, sizeBytes: 0 };
    const name = fileName(this.#typedName, this.#defaultName(marks));
    try {
      await downloadClip(clipUrl(this.#source.url(), marks), {
        name,
        signal: stop.signal,
        progress: (doneBytes, sizeBytes) => {
          this.#progress = { doneBytes, sizeBytes };
          this.changed();
        },
      });
      this.#said = words.watch.clip.done(name);
    } catch (thrown) {
      this.#said = isAbort(thrown) ? words.watch.clip.stopped : "";
      if (!isAbort(thrown)) this.#source.failed(thrown);
    }
    this.#download = undefined;
    this.changed();
  }

  #defaultName({ fromMs }: ClipMarks): string {
    return `${this.#source.name} ${fileTime(fromMs)}`;
  }

  /** What it will be, or why not; and how far its reading is. */
  get #status(): string {
    const { clip } = words.watch;
    const { doneBytes, sizeBytes } = this.#progress;
    if (this.#download !== undefined)
      return sizeBytes > 0 ? clip.reading(fileSize(doneBytes), fileSize(sizeBytes)) : "";
    if (this.#marks !== undefined && this.#marks.toMs <= this.#marks.fromMs) return clip.empty;
    if (this.#size === "measuring") return clip.measuring;
    if (this.#size === "outside") return clip.outside;
    if (this.#size === undefined) return "";
    const { durationMs, sizeBytes: all, isCut } = this.#size;
    const length = durationMs < 60_000 ? seconds(durationMs) : clockTime(durationMs);
    return `${clip.measured(length, fileSize(all))}${isCut ? ` ${clip.cut}` : ""}`;
  }

  protected override template(): TemplateResult {
    const { clip } = words.watch;
    const marks = this.#marks;
    const field = (end: "in" | "out", label: string, wallMs: number | undefined): TemplateResult => html`
      <div class="field">
        <label for="clip-${end}">${label}</label>
        <div class="field-row">
          <input
            id="clip-${end}" type="time" step="1" .value=${live(wallMs === undefined ? "" : timeField(wallMs))}
            title=${wallMs === undefined ? nothing : timeOfDay(wallMs)}
            @change=${(event: Event) => this.#typed(end, event.target as HTMLInputElement)}
          />
          <button type="button" class="button small" aria-keyshortcuts=${end === "in" ? "I" : "O"} @click=${() => this.markNow(end)}>
            ${end === "in" ? clip.markIn : clip.markOut} <kbd aria-hidden="true">${end === "in" ? "I" : "O"}</kbd>
          </button>
        </div>
      </div>`;
    const isBusy = this.#download !== undefined;
    return html`
      <h2 id="clip-heading">${clip.title}</h2>
      <div class="clip-fields">
        ${field("in", clip.from, marks?.fromMs)} ${field("out", clip.to, marks?.toMs)}
        <div class="field">
          <label for="clip-name">${clip.name}</label>
          <input
            id="clip-name" maxlength="120" autocomplete="off" spellcheck="false"
            placeholder=${marks === undefined ? "" : `${this.#defaultName(marks)}.mp4`}
            @input=${(event: Event) => {
              this.#typedName = (event.target as HTMLInputElement).value;
            }}
          />
        </div>
      </div>
      <p class="clip-status" role="status">${this.#status || this.#said}</p>
      ${this.#said !== "" && this.#status !== "" ? html`<p class="clip-said" role="status">${this.#said}</p>` : nothing}
      ${isBusy ? html`<progress max=${this.#progress.sizeBytes || 1} value=${this.#progress.doneBytes} aria-label=${clip.title}></progress>` : nothing}
      <div class="button-row">
        <button type="button" class="button primary" aria-disabled=${isBusy || this.#size === "outside"} @click=${() => void this.#save()}>
          ${clip.download}
        </button>
        ${isBusy ? html`<button type="button" class="button" @click=${() => this.#download?.abort()}>${clip.stop}</button>` : nothing}
        <button type="button" class="button" @click=${() => this.#mark(this.#lastThirty())}>${clip.lastThirty}</button>
        <button type="button" class="button quiet" @click=${() => this.close()}>${words.common.close}</button>
      </div>
      <p class="note">${clip.note}</p>`;
  }
}
