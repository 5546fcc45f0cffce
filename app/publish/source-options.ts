import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { icon } from "../kit/icon.ts";
import { words } from "../words/words.ts";
import type { Device, Devices } from "./devices.ts";
import { fileLine, moved, type SourceChoice } from "./source-choice.ts";

type Change = (changes: Partial<SourceChoice>) => void;

interface Options {
  readonly choice: SourceChoice;
  readonly change: Change;
}

/** Value of the entry that leaves the microphone out. */
const NO_MICROPHONE = "none";

export function microphoneAndCamera({
  choice,
  devices,
  change,
}: Options & { readonly devices: Devices }): TemplateResult {
  const say = words.publish.source;
  const pickMicrophone = (value: string): void =>
    change(value === NO_MICROPHONE ? { audio: false } : { audio: true, microphoneId: value });
  return html`
    <div class="field-pair">
      ${deviceSelect({
        id: "camera",
        label: say.camera,
        devices: devices.cameras,
        value: choice.cameraId,
        pick: (cameraId) => change({ cameraId }),
      })}
      ${deviceSelect({
        id: "microphone",
        label: say.microphone,
        devices: devices.microphones,
        value: choice.audio ? choice.microphoneId : NO_MICROPHONE,
        pick: pickMicrophone,
        more: html`<option value=${NO_MICROPHONE}>${say.noMicrophone}</option>`,
      })}
    </div>
    ${devices.cameras.length === 0 ? html`<p class="note">${say.unnamedDevices}</p>` : nothing}
  `;
}

function deviceSelect(options: {
  readonly id: string;
  readonly label: string;
  readonly devices: readonly Device[];
  readonly value: string;
  readonly pick: (value: string) => void;
  readonly more?: TemplateResult;
}): TemplateResult {
  const { id, label, devices, value, pick, more = nothing } = options;
  const picked = ({ target }: Event): void => {
    if (target instanceof HTMLSelectElement) pick(target.value);
  };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} .value=${live(value)} @change=${picked}>
      <option value="">${words.publish.source.defaultDevice}</option>
      ${devices.map((device) => html`<option value=${device.id}>${device.label}</option>`)} ${more}
    </select>
  </div>`;
}

export function soundOption({
  choice,
  change,
  label,
  note,
}: Options & { readonly label: string; readonly note?: string }): TemplateResult {
  return html`<label class="check">
      <input type="checkbox" .checked=${live(choice.audio)} @change=${() => change({ audio: !choice.audio })} />
      ${label}
    </label>
    ${note === undefined ? nothing : html`<p class="note">${note}</p>`}`;
}

/** The files that are chosen, in the order in which they are played. */
export function fileOptions({
  choice,
  change,
  add,
  soundIsFixed,
}: Options & { readonly add: (files: readonly File[]) => void; readonly soundIsFixed: boolean }): TemplateResult {
  const { files, loop } = choice;
  const say = words.publish.files;
  const picked = ({ target }: Event): void => {
    if (!(target instanceof HTMLInputElement)) return;
    add([...(target.files ?? [])]);
    // The same file may be picked again.
    target.value = "";
  };
  return html`
    <input type="file" id="file" multiple accept="video/*,audio/*,.mkv" class="file-input visually-hidden" @change=${picked} />
    <label class="drop" for="file">
      ${icon("file")}
      <span><strong>${files.length === 0 ? say.choose : say.addMore}</strong> ${say.orDrop}</span>
    </label>
    ${
      files.length === 0
        ? nothing
        : html`<ol class="queue" aria-label=${say.list}>
            ${files.map((file, index) => queueEntry({ files, file, index, change }))}
          </ol>`
    }
    <p class="visually-hidden" role="status">${say.chosen(files.length)}</p>
    <div class="check-row">
      <label class="check">
        <input type="checkbox" .checked=${live(loop)} @change=${() => change({ loop: !loop })} />
        ${files.length > 1 ? say.loopAll : say.loop}
      </label>
      ${soundIsFixed ? nothing : soundOption({ choice, change, label: words.publish.source.sound })}
    </div>
  `;
}

function queueEntry(options: {
  readonly files: readonly File[];
  readonly file: File;
  readonly index: number;
  readonly change: Change;
}): TemplateResult {
  const { files, file, index, change } = options;
  const say = words.publish.files;
  const move = (by: -1 | 1): void => change({ files: moved(files, index, by) });
  const arrow = (by: -1 | 1, label: string, sign: string): TemplateResult =>
    html`<button type="button" class="button small quiet square" aria-label=${label} title=${label}
      ?disabled=${files[index + by] === undefined} @click=${() => move(by)}>${sign}</button>`;
  return html`<li>
    <span class="queue-name">${fileLine(file)}</span>
    ${files.length > 1 ? html`${arrow(-1, say.earlier(file.name), "↑")} ${arrow(1, say.later(file.name), "↓")}` : nothing}
    <button type="button" class="button small quiet square" aria-label=${say.remove(file.name)} title=${say.remove(file.name)}
      @click=${() => change({ files: files.filter((_, at) => at !== index) })}>×</button>
  </li>`;
}
