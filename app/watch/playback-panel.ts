import { html, type TemplateResult } from "lit-html";
import { figureList } from "../kit/figure-list.ts";
import { count, plural, seconds } from "../kit/format.ts";
import { words } from "../words/words.ts";
import type { PlaybackStats } from "./playback-stats.ts";

/** How the playback does; without latency where nothing is live. */
export function playbackPanel(stats: PlaybackStats, isLive: boolean): TemplateResult {
  const { figures } = words.watch;
  const shown = (text: string, is = true): string => (is ? text : "–");
  const { latencyMs, targetLatencyMs, bufferAheadMs, stalls, stalledMs } = stats;
  const { width, height, droppedFrames, decodedFrames, loads, partLoads } = stats;
  const share = loads > 0 ? partLoads / loads : 0;
  return html`
    <details class="panel watch-panel" open>
      <summary><h2>${figures.title}</h2></summary>
      ${figureList(figures.label, [
        {
          key: "latency",
          label: figures.latency,
          hint: figures.latencyHint,
          text: shown(seconds(latencyMs), isLive),
          value: latencyMs,
        },
        {
          key: "target",
          label: figures.target,
          hint: figures.targetHint,
          text: shown(seconds(targetLatencyMs), isLive),
          value: targetLatencyMs,
        },
        {
          key: "buffer",
          label: figures.buffer,
          hint: figures.bufferHint,
          text: shown(seconds(bufferAheadMs)),
          value: bufferAheadMs,
        },
        {
          key: "stalls",
          label: figures.stalls,
          hint: figures.stallsHint,
          text: stalls > 0 ? figures.stallsOf(plural(stalls, "stall"), seconds(stalledMs)) : figures.none,
          value: stalls,
        },
        {
          key: "resolution",
          label: figures.resolution,
          text: shown(`${width} × ${height}`),
          value: `${width}x${height}`,
        },
        {
          key: "dropped",
          label: figures.dropped,
          text: shown(figures.droppedOf(count(droppedFrames), count(decodedFrames))),
          value: droppedFrames,
        },
        {
          key: "parts",
          label: figures.parts,
          hint: figures.partsHint,
          text: shown(figures.partsOf(Math.floor(share * 100), count(loads)), loads > 0),
          value: share,
        },
      ])}
    </details>`;
}
