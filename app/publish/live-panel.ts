import { html, nothing, type TemplateResult } from "lit-html";
import { figureList } from "../kit/figure-list.ts";
import { count, fileSize, kilobits, plural } from "../kit/format.ts";
import { icon } from "../kit/icon.ts";
import { relaySentence } from "../kit/shared-sentences.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { CopyLink } from "./copy-link.ts";
import { health } from "./health.ts";
import { LevelMeters } from "./level-meters.ts";
import { type LiveControl, liveControls } from "./live-controls.ts";
import { LivePreview } from "./live-preview.ts";
import type { LiveSession } from "./live-session.ts";
import type { PublishStats } from "./publish-stats.ts";
import { sourceTitle } from "./source-choice.ts";

/** What stands in place of the form while a stream is live. */
export class LivePanel extends View<HTMLDivElement> {
  readonly #session: LiveSession;
  readonly #link: CopyLink;
  readonly #isShared: boolean;
  readonly #controls: readonly LiveControl[];
  readonly #preview: LivePreview;
  readonly #meters = new LevelMeters();

  constructor(session: LiveSession, options: { readonly address: string; readonly controls: readonly LiveControl[] }) {
    super(document.createElement("div"));
    this.root.className = "studio";
    this.#session = session;
    this.#link = new CopyLink(options.address, "watch-link");
    this.#isShared = session.seeding !== undefined;
    this.#controls = options.controls;
    this.#preview = new LivePreview(session.tap, this.changed);
    session.capture.addEventListener("levels", ({ detail }) => this.#meters.show(detail));
    this.draw();
  }

  close(): void {
    this.#preview.close();
  }

  protected override template(): TemplateResult {
    const session = this.#session;
    const { stats } = session;
    const say = words.publish;
    const now = stats && health(stats);
    const { sent } = stats ?? {};
    return html`
      <div class="studio-main">
        <div class="studio-stage">${this.#stage()}</div>
        ${session.hasSound ? this.#meters.root : nothing}
        ${liveControls(this.#controls)}
        <p class="health" data-tone=${now?.tone ?? "good"}>${session.task === "end" ? say.health.ending : (now?.sentence ?? say.health.good)}</p>
        ${this.#playing()}
      </div>
      <aside class="panel studio-side" aria-label=${say.side}>
        <div class="field">
          <label for="watch-link">${say.link.label}</label>
          ${this.#link.root}
          <p class="note" id="link-note">
            <a href=${this.#link.address} target="_blank" rel="noopener">${say.link.open}</a>${this.#isShared ? say.link.shared : say.link.local}
          </p>
        </div>
        ${stats === undefined ? nothing : figureList(say.figures.label, [...pictureFigures(session), ...figures(stats)])}
        ${sent === undefined || !session.settings.sharing.peers ? nothing : figureList(say.figures.sentLabel, sentFigures(sent, stats?.mostViewers ?? 0))}
        ${sent?.relay === undefined ? nothing : html`<p class="soft" role="status">${relaySentence(sent.relay, "sent")}</p>`}
      </aside>
    `;
  }

  #stage(): TemplateResult {
    const say = words.publish.stage;
    const { capture, source } = this.#session;
    const { video } = this.#preview;
    video.setAttribute("aria-label", words.publish.preview.label(sourceTitle(source)));
    return html`${video}
      ${capture.muted && !capture.paused ? html`<p class="stage-flag">${icon("microphone-off")}${say.muted}</p>` : nothing}
      ${
        capture.paused
          ? html`<div class="stage-words stage-over"><p class="cover-title">${words.publish.paused}</p><p>${say.paused}</p></div>`
          : !this.#session.hasPicture
            ? html`<div class="stage-words">${icon("file")}<p>${say.soundOnly}</p></div>`
            : this.#preview.failed
              ? html`<div class="stage-words stage-over"><p class="cover-title">${sourceTitle(source)}</p><p>${say.previewStopped}</p>
                <a class="button" href=${this.#link.address} target="_blank" rel="noopener">${say.watchInTab}</a></div>`
              : nothing
      }`;
  }

  #playing(): TemplateResult | typeof nothing {
    const { playing } = this.#session.capture.stats;
    if (playing === undefined || playing.count < 2) return nothing;
    return html`<p class="soft">${words.publish.files.playing(playing.name, playing.index + 1, playing.count)}</p>`;
  }
}

function pictureFigures({ source, capture }: LiveSession) {
  const say = words.publish.figures;
  const { width, height } = capture.rendition;
  const sizes = capture.renditions.filter((each) => each.width !== undefined).length;
  return [
    { key: "source", ...say.source, text: sourceTitle(source) },
    {
      key: "picture",
      ...say.picture,
      text: width === undefined || height === undefined ? say.noPicture : say.size(width, height, sizes - 1),
    },
  ];
}

function figures(stats: PublishStats) {
  const say = words.publish.figures;
  const load = Math.round(stats.load * 100);
  return [
    {
      key: "rate",
      ...say.rate,
      text: stats.bitsPerSecond > 0 ? kilobits(stats.bitsPerSecond) : "–",
      value: stats.bitsPerSecond,
    },
    {
      key: "fps",
      ...say.fps,
      text: stats.framesPerSecond > 0 ? count(stats.framesPerSecond) : "–",
      value: stats.framesPerSecond,
    },
    { key: "load", ...say.load, text: stats.load > 0 ? `${load} %` : "–", value: load },
    { key: "dropped", ...say.dropped, text: count(stats.droppedFrames), value: stats.droppedFrames },
    { key: "sent", ...say.sent, text: fileSize(stats.bytesSent), value: stats.bytesSent },
    { key: "parts", ...say.parts, text: count(stats.partsSent), value: stats.partsSent },
    { key: "pending", ...say.pending, text: plural(stats.unacknowledged, "part"), value: stats.unacknowledged },
  ];
}

function sentFigures({ peers, copies }: NonNullable<PublishStats["sent"]>, mostViewers: number) {
  const say = words.publish.figures;
  const sendBps = peers.reduce((sum, peer) => sum + peer.sendBps, 0);
  return [
    { key: "viewers", ...say.viewers, text: say.viewersText(peers.length, mostViewers), value: peers.length },
    { key: "uplink", ...say.uplink, text: kilobits(sendBps), value: sendBps },
    { key: "copies", ...say.copies, text: copies.sent.toFixed(2), value: copies.sent },
  ];
}
