import type { StreamSummary } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { watchSearch } from "../address.ts";
import { fileSize } from "../kit/format.ts";
import { words } from "../words/words.ts";
import { byNewest, factsOf, sizeOf, stateBadge, titleOf, withMedia } from "./stream-facts.ts";

/** What a look at the streams gave; undefined before the first. */
export type Seen = { readonly streams: readonly StreamSummary[] } | { readonly failure: string } | undefined;

/** As many recordings as a page shows that has something else to say. */
const LATEST = 3;

/** The streams that somebody publishes, as links; live ones first. */
export function liveList(seen: Seen): TemplateResult {
  const { list, streamsFailed } = words.library;
  if (seen === undefined) return html`<p class="streams-empty" role="status">${list.looking}</p>`;
  if ("failure" in seen) return html`<p class="streams-empty" role="status">${streamsFailed(seen.failure)}</p>`;
  const streams = seen.streams.filter(({ state }) => state !== "ended").sort(byNewest);
  const live = streams.filter(({ state }) => state === "live").length;
  return html`<div class="stream-list">
    <p class=${live > 0 ? "visually-hidden" : "streams-empty"} role="status">${live > 0 ? list.live(live) : list.none}</p>
    ${links(streams)}
  </div>`;
}

/** The newest recordings, and the way to all of them; nothing while there are none. */
export function keptList(seen: Seen): TemplateResult | typeof nothing {
  if (seen === undefined || "failure" in seen) return nothing;
  const kept = withMedia(seen.streams).filter(({ state }) => state === "ended");
  if (kept.length === 0) return nothing;
  const { list } = words.library;
  const sizeBytes = withMedia(seen.streams).reduce((sum, stream) => sum + sizeOf(stream), 0);
  const all = withMedia(seen.streams).length;
  return html`<section class="panel kept-short" aria-labelledby="kept-heading">
    <h2 id="kept-heading">${list.latest}</h2>
    ${links([...kept].sort(byNewest).slice(0, LATEST))}
    <a class="button" href="./?library">${list.all(all, fileSize(sizeBytes))}</a>
  </section>`;
}

function links(streams: readonly StreamSummary[]): TemplateResult | typeof nothing {
  if (streams.length === 0) return nothing;
  return html`<ul class="streams">
    ${repeat(
      streams,
      ({ name }) => name,
      (stream) => html`<li data-stream=${stream.name} data-state=${stream.state}>
        <a href="./${watchSearch(stream.name)}">
          <span class="stream-what">
            <span class="stream-name" dir="auto">${titleOf(stream)}</span>
            ${stream.state === "ended" ? html`<span class="stream-facts">${factsOf(stream)}</span>` : nothing}
          </span>
          ${stream.state === "ended" ? nothing : stateBadge(stream.state)}
          <span class="stream-go" aria-hidden="true">${words.library.list.watch}</span>
        </a>
      </li>`,
    )}
  </ul>`;
}
