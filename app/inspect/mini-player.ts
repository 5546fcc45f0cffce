import type HlsPlayer from "hls.js";
import { html, type TemplateResult } from "lit-html";
import { h } from "../kit/dom.ts";
import { seconds } from "../kit/format.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";

const RETRY_MS = 2_000;

export interface MiniFigures {
  /** Behind the live edge; undefined while that is not known. */
  readonly latencyMs: number | undefined;
  readonly bufferMs: number;
}

/** A small muted player: with one of its own the view knows latency and buffer, and the relay has somebody to answer. */
export class MiniPlayer extends View {
  readonly #video = h("video", { muted: true, playsinline: true, "aria-label": words.inspect.player.title });
  readonly #signal: AbortSignal;
  #hls: HlsPlayer | undefined;
  #url = "";
  #state: "waiting" | "playing" | "gaveUp" | "ended" = "waiting";
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(signal: AbortSignal) {
    super(h("section", { class: "panel mini-player", "aria-labelledby": "player-heading" }));
    this.#signal = signal;
    // The attribute alone does not mute an element that a script has made.
    this.#video.muted = true;
    for (const type of ["playing", "waiting", "ended"] as const)
      this.#video.addEventListener(type, () => this.#enter(type === "ended" ? "ended" : type));
    signal.addEventListener("abort", () => this.#close());
    this.draw();
  }

  get figures(): MiniFigures {
    const { buffered, currentTime } = this.#video;
    const end = buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1);
    const latency = this.#hls?.latency ?? 0;
    return { latencyMs: latency > 0 ? latency * 1000 : undefined, bufferMs: Math.max(0, end - currentTime) * 1000 };
  }

  /** Plays what is at `url`, and opens it again where the player gives up. */
  async open(url: string): Promise<void> {
    this.#url = url;
    const { default: Hls } = await import("hls.js");
    if (this.#signal.aborted || this.#url !== url || !Hls.isSupported()) return;
    this.#close();
    const hls = new Hls({ lowLatencyMode: true, backBufferLength: 10 });
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_, { fatal }) => {
      if (!fatal) return;
      this.#enter("gaveUp");
      this.#retry = setTimeout(() => void this.open(url), RETRY_MS);
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => void this.#video.play().catch(() => undefined));
    hls.loadSource(url);
    hls.attachMedia(this.#video);
  }

  protected override template(): TemplateResult {
    const { player } = words.inspect;
    const { latencyMs, bufferMs } = this.figures;
    return html`
      <h2 id="player-heading">${player.title}</h2>
      <div class="mini-stage">${this.#video}</div>
      <dl class="facts">
        <div><dt>${player.latency}</dt><dd data-figure="latency">${latencyMs === undefined ? "–" : seconds(latencyMs)}</dd></div>
        <div><dt>${player.buffer}</dt><dd>${seconds(bufferMs)}</dd></div>
      </dl>
      <p class="soft" role="status">${player[this.#state]}</p>
    `;
  }

  #enter(state: "waiting" | "playing" | "gaveUp" | "ended"): void {
    this.#state = state;
    this.changed();
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#hls?.destroy();
    this.#hls = undefined;
  }
}
