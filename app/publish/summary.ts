import { html, nothing, type TemplateResult } from "lit-html";
import { watchSearch } from "../address.ts";
import { figureList } from "../kit/figure-list.ts";
import { clockTime, count, fileSize } from "../kit/format.ts";
import { words } from "../words/words.ts";
import type { PublishStats } from "./publish-stats.ts";

/** A stream that is over. */
export interface PublishSummary {
  readonly name: string;
  readonly stats: PublishStats;
  /** Somebody ended it, the source came to its end, or something broke. */
  readonly how: "asked" | "source" | "failed";
  /** What is kept of it; absent where nothing is. */
  readonly kept?: { readonly windowMs: number; readonly sizeBytes: number };
  readonly isShared: boolean;
}

export function summaryPanel(summary: PublishSummary, goAgain: () => void): TemplateResult {
  const { name, stats, how, kept, isShared } = summary;
  const say = words.publish.summary;
  const rows = [
    { key: "length", label: say.length, text: clockTime(stats.elapsedMs), value: Math.round(stats.elapsedMs) },
    { key: "sent", label: say.size, text: fileSize(stats.bytesSent), value: stats.bytesSent },
    { key: "dropped", label: say.dropped, text: count(stats.droppedFrames), value: stats.droppedFrames },
    ...(stats.lostParts === 0 ? [] : [{ key: "lost", label: say.lost, text: count(stats.lostParts) }]),
    ...(isShared ? [{ key: "viewers", label: say.viewers, text: count(stats.mostViewers) }] : []),
  ];
  return html`<section class="panel summary" aria-labelledby="summary-title">
    <h2 id="summary-title" tabindex="-1">${say.title(name)}</h2>
    <p class="soft">${say.how[how]}</p>
    ${figureList(say.figures, rows)}
    <p class="soft">${kept === undefined ? say.notKept : say.kept(clockTime(kept.windowMs), fileSize(kept.sizeBytes))}</p>
    <div class="button-row">
      <button type="button" class="button primary" id="go-again" @click=${goAgain}>${say.again}</button>
      ${
        kept === undefined
          ? nothing
          : html`<a class="button" href="./${watchSearch(name)}">${say.watch}</a>
              <a class="button" href="./?library">${say.library}</a>`
      }
    </div>
  </section>`;
}
