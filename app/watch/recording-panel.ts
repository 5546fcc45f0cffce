import type { StreamStats } from "eddy-hls";
import { html, nothing, type TemplateResult } from "lit-html";
import { figureList } from "../kit/figure-list.ts";
import { clockTime, dayAndTime, fileSize } from "../kit/format.ts";
import { words } from "../words/words.ts";

const CLIP_S = 30;

/** What is kept of the stream that one watches. `url` is that of its playlist: the clip stands beside it. */
export function recordingPanel(stream: StreamStats | undefined, url: string): TemplateResult | typeof nothing {
  if (stream === undefined) return nothing;
  const { recording, clip } = words.watch;
  const { kept } = stream;
  const windowMs = kept?.windowMs ?? stream.windowMs;
  const sizeBytes = kept?.sizeBytes ?? stream.sizeBytes;
  const since = kept === undefined ? recording.memory : dayAndTime(kept.createdAtMs);
  const fate = kept === undefined ? recording.notKept : fateOf(kept.pinned, stream.state === "ended");
  return html`
    <details class="panel watch-panel recording" open>
      <summary><h2>${recording.title}</h2></summary>
      ${figureList(recording.label, [
        { key: "length", label: recording.length, text: clockTime(windowMs), value: windowMs },
        { key: "size", label: recording.size, text: fileSize(sizeBytes), value: sizeBytes },
        { key: "since", label: recording.since, text: since, value: kept?.createdAtMs ?? "" },
      ])}
      <p class="note">${fate}</p>
      <div class="recording-links">
        ${
          /* No `download` attribute: such a request would go past the worker. The answer itself says that it is a file. */
          html`<a class="button small" href=${new URL(`clip.mp4?last=${CLIP_S}`, url).href}>${clip.downloadLast}</a>`
        }
        <a href="./?library">${recording.library}</a>
      </div>
    </details>`;
}

function fateOf(isPinned: boolean, isEnded: boolean): string {
  const { rolling, pinned, mayGo, pinnedEnded } = words.watch.recording;
  if (isEnded) return isPinned ? pinnedEnded : mayGo;
  return isPinned ? pinned : rolling;
}
