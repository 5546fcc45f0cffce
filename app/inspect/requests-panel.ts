import type { InspectedStream } from "eddy-hls";
import { html, type TemplateResult } from "lit-html";
import { readAddress } from "../address.ts";
import { h } from "../kit/dom.ts";
import { count, timeOfDay } from "../kit/format.ts";
import { words } from "../words/words.ts";
import type { LoggedRequest, RequestLog } from "./request-log.ts";
import { SeenView } from "./seen-view.ts";
import { TimelineCanvas } from "./timeline-canvas.ts";

const ROWS = 14;

/** What is asked of the relay, what it answered, and who waits. */
export class RequestsPanel extends SeenView {
  readonly #timeline = new TimelineCanvas();
  #requests: readonly LoggedRequest[] = [];
  #starts: readonly number[] = [];
  #stream: InspectedStream | undefined;

  constructor(signal: AbortSignal) {
    super(h("section", { class: "panel", "aria-labelledby": "requests-heading" }), signal);
    this.#timeline.watch(signal);
    this.draw();
  }

  show(log: RequestLog, stream: InspectedStream | undefined): void {
    this.#requests = log.foreign;
    this.#starts = log.starts;
    this.#stream = stream;
    this.#timeline.show(this.#requests, this.#starts);
    this.refresh();
  }

  protected override template(): TemplateResult {
    const { requests } = words.inspect;
    const newest = this.#requests.slice(-ROWS).reverse();
    this.#timeline.canvas.setAttribute("aria-label", requests.timeline(this.#requests.length));
    const started = this.#starts.at(-1);
    return html`
      <h2 id="requests-heading">${requests.title}</h2>
      <p class="soft">${requests.hint}</p>
      ${this.#timeline.canvas}
      ${started === undefined ? "" : html`<p class="worker-began" data-starts=${this.#starts.length}>${requests.started(timeOfDay(started))}</p>`}
      <h3>${requests.waiting}</h3>
      <ul class="waits">${this.#waits()}</ul>
      ${newest.length === 0 ? html`<p class="soft table-frame">${requests.none}</p>` : requestTable(newest)}
    `;
  }

  #waits(): readonly TemplateResult[] {
    const { requests } = words.inspect;
    const waits = this.#stream?.renditions.flatMap((rendition) => rendition.waits) ?? [];
    if (waits.length === 0) return [html`<li class="soft">${requests.nobody}</li>`];
    return waits.map(({ position, partId, requests: many }) =>
      position === undefined
        ? html`<li>${requests.waitsForPart(partId ?? 0, many)}</li>`
        : html`<li>${requests.waitsFor(position.msn, position.part, many)}</li>`,
    );
  }
}

function requestTable(requests: readonly LoggedRequest[]): TemplateResult {
  const { columns } = words.inspect.requests;
  return html`<div class="table-frame" tabindex="0" role="region" aria-labelledby="requests-heading"><table class="requests">
    <thead><tr>${Object.values(columns).map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
    <tbody>${requests.map(requestRow)}</tbody>
  </table></div>`;
}

function requestRow(request: LoggedRequest): TemplateResult {
  const { states, places, byRestart, by } = words.inspect.requests;
  const { askedAtMs, target, page, answeredAfterMs, state, status, sizeBytes, from, brokenByRestart } = request;
  const said = state === "done" ? String(status ?? "") : brokenByRestart ? byRestart : states[state];
  return html`<tr data-state=${state} data-kind=${request.kind} data-page=${pageOf(page)}>
    <td>${timeOfDay(askedAtMs)}</td>
    <td class="target"><code>${target}</code></td>
    <td>${by[pageOf(page)]}</td>
    <td>${answeredAfterMs === undefined ? "–" : `${count(answeredAfterMs)} ms`}</td>
    <td>${said}</td>
    <td>${count(sizeBytes)}</td>
    <td>${from === undefined ? "–" : places[from]}</td>
  </tr>`;
}

/** Which of our views asked. */
export function pageOf(page: string | undefined): keyof typeof words.inspect.requests.by {
  if (page === undefined) return "other";
  const { view } = readAddress(page.slice(page.indexOf("?")));
  return view === "watch" || view === "publish" || view === "inspect" ? view : "other";
}
