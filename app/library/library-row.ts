import type { Relay, StreamSummary } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { watchSearch } from "../address.ts";
import { fileSize, percent } from "../kit/format.ts";
import { icon } from "../kit/icon.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { type ExportProgress, exportFile } from "./export-file.ts";
import { KeptControls, type KeptListener } from "./kept-controls.ts";
import type { Posters } from "./posters.ts";
import { factsOf, sizeOf, stateBadge, titleOf } from "./stream-facts.ts";

/** One stream that is kept, and what can be done with it. */
export class LibraryRow extends View<HTMLLIElement> {
  readonly #relay: Promise<Relay>;
  readonly #listener: KeptListener;
  readonly #posters: Posters;
  readonly #controls: KeptControls;
  #stream: StreamSummary;
  #export: { readonly aborter: AbortController; progress: ExportProgress } | undefined;

  constructor(
    stream: StreamSummary,
    context: { readonly relay: Promise<Relay>; readonly listener: KeptListener; readonly posters: Posters },
  ) {
    super(document.createElement("li"));
    this.#stream = stream;
    this.#relay = context.relay;
    this.#listener = context.listener;
    this.#posters = context.posters;
    this.#controls = new KeptControls(stream, context.relay, context.listener, () => this.#exportButton());
    this.draw();
  }

  update(stream: StreamSummary): void {
    this.#stream = stream;
    this.#controls.update(stream);
    this.draw();
  }

  protected override template(): TemplateResult {
    const stream = this.#stream;
    this.root.dataset.state = stream.state;
    this.root.dataset.stream = stream.name;
    const title = titleOf(stream);
    const href = `./${watchSearch(stream.name)}`;
    const poster = this.#posters.of(stream);
    return html`
      <a class="poster" href=${href} tabindex="-1" aria-hidden="true">
        ${poster === undefined ? icon("watch") : html`<img src=${poster} alt="" />`}
      </a>
      <div class="kept-what">
        <div class="kept-head"><a class="kept-title" dir="auto" href=${href}>${title}</a>${stateBadge(stream.state)}</div>
        <p class="kept-facts">${factsOf(stream)}</p>
        ${this.#exporting(title)}
      </div>
      ${this.#controls.element}`;
  }

  #exportButton(): TemplateResult {
    const { library } = words;
    return html`<button
      type="button" class="button small" aria-disabled=${String(this.#export !== undefined)}
      aria-label=${library.exportLabel(titleOf(this.#stream))} @click=${() => this.#startExport()}>${library.export}</button>`;
  }

  #exporting(title: string): TemplateResult | typeof nothing {
    if (this.#export === undefined) return nothing;
    const { library } = words;
    const { aborter, progress } = this.#export;
    const { writtenBytes, totalBytes = sizeOf(this.#stream) } = progress;
    const share = Math.min(1, writtenBytes / Math.max(1, totalBytes));
    return html`<div class="exporting">
      <progress max="1" .value=${share} aria-label=${library.exportProgress(title)}></progress>
      <span>${library.exporting(percent(share), fileSize(totalBytes))}</span>
      <button type="button" class="button small" @click=${() => aborter.abort()}>${library.exportStop}</button>
    </div>`;
  }

  async #startExport(): Promise<void> {
    if (this.#export !== undefined) return;
    const { name } = this.#stream;
    const title = titleOf(this.#stream);
    const aborter = new AbortController();
    const running = { aborter, progress: { writtenBytes: 0, totalBytes: undefined } as ExportProgress };
    this.#export = running;
    this.#redraw();
    try {
      const { base } = await this.#relay;
      const outcome = await exportFile(`${base}${name}/clip.mp4`, {
        fileName: `${title.replace(/[\\/:*?"<>|]+/g, "-")}.mp4`,
        signal: aborter.signal,
        onProgress: (progress) => {
          running.progress = progress;
          this.changed();
        },
      });
      const { exported, exportStopped, exportDownload } = words.library;
      this.#listener.changed(
        { written: exported(title), stopped: exportStopped, downloading: exportDownload }[outcome],
      );
    } catch (thrown) {
      this.#listener.failed(thrown);
    } finally {
      this.#export = undefined;
      this.#redraw();
    }
  }

  #redraw(): void {
    this.#controls.update(this.#stream);
    this.draw();
  }
}
