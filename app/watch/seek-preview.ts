import { html, type TemplateResult } from "lit-html";
import { clockTime, timeOfDay } from "../kit/format.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { behindText } from "./behind.ts";
import type { Player } from "./player.ts";
import type { StoredSegment } from "./stored-window.ts";
import { THUMBNAIL, Thumbnails } from "./thumbnails.ts";

/** How a moment of a stream is told. */
export interface MomentText {
  /** `14:03:07`, or where it lies in the recording. */
  readonly time: string;
  /** How far from the live moment, or out of how much. */
  readonly place: string;
}

export function momentText(player: Player, positionS: number): MomentText {
  const { startS, endS, wallMsAt } = player.window;
  const wallMs = wallMsAt(positionS);
  const at = clockTime((positionS - startS) * 1000);
  if (player.live !== true) {
    const of = words.watch.controls.of(at, clockTime((endS - startS) * 1000));
    return wallMs === undefined ? { time: of, place: "" } : { time: timeOfDay(wallMs), place: of };
  }
  const place = behindText(Math.max(0, (endS - positionS) * 1000));
  return { time: wallMs === undefined ? at : timeOfDay(wallMs), place };
}

/** What there is to see at a moment of the bar, over the pointer, or over the playhead for who moves by keys. */
export class SeekPreview extends View {
  readonly #player: () => Player | undefined;
  readonly #thumbnails = new Thumbnails();
  readonly #canvas = document.createElement("canvas");
  #positionS: number | undefined;
  #segment: StoredSegment | undefined;

  constructor(player: () => Player | undefined, signal: AbortSignal) {
    super(document.createElement("div"));
    this.#player = player;
    this.root.className = "seek-preview";
    this.root.hidden = true;
    // The bar itself tells who listens where it stands.
    this.root.setAttribute("aria-hidden", "true");
    Object.assign(this.#canvas, THUMBNAIL);
    signal.addEventListener("abort", () => this.#thumbnails.stop());
  }

  /** Under the pointer. `bar` is where the bar is on the page. */
  pointTo(clientX: number, bar: DOMRect): void {
    const { startS, endS } = this.#player()?.window ?? { startS: 0, endS: 0 };
    if (endS <= startS || bar.width === 0) return;
    const share = Math.max(0, Math.min(1, (clientX - bar.left) / bar.width));
    this.#show(startS + share * (endS - startS), share);
  }

  showAt(positionS: number): void {
    const { startS, endS } = this.#player()?.window ?? { startS: 0, endS: 0 };
    if (endS > startS) this.#show(positionS, Math.max(0, Math.min(1, (positionS - startS) / (endS - startS))));
  }

  hide(): void {
    this.root.hidden = true;
    this.#positionS = undefined;
    this.#thumbnails.stop();
  }

  #show(positionS: number, share: number): void {
    const player = this.#player();
    if (player === undefined) return;
    this.#positionS = positionS;
    this.root.hidden = false;
    this.root.style.setProperty("--at", String(share));
    const { segmentAt, wallMsAt } = player.window;
    const segment = player.hasPicture ? segmentAt(positionS) : undefined;
    this.root.dataset.wallMs = String(Math.round(wallMsAt(positionS) ?? 0));
    this.root.dataset.pictureMs = segment === undefined ? "" : String(Math.round(wallMsAt(segment.startS) ?? 0));
    this.#segment = segment;
    if (segment === undefined) this.#thumbnails.stop();
    else void this.#thumbnails.want(segment, this.changed);
    this.changed();
  }

  protected override draw(): void {
    super.draw();
    const picture = this.#segment && this.#thumbnails.peek(this.#segment);
    const { width, height } = THUMBNAIL;
    const context = this.#canvas.getContext("2d");
    if (picture === undefined) context?.clearRect(0, 0, width, height);
    else context?.drawImage(picture, 0, 0, width, height);
    this.root.toggleAttribute("data-pictured", picture !== undefined);
  }

  protected override template(): TemplateResult {
    const player = this.#player();
    if (player === undefined || this.#positionS === undefined) return html``;
    const { time, place } = momentText(player, this.#positionS);
    const isBlank = this.#segment === undefined || this.#thumbnails.isBlank(this.#segment);
    return html`
      <div class="seek-picture" ?hidden=${!player.hasPicture}>
        ${this.#canvas} ${isBlank ? html`<p class="seek-blank">${words.watch.controls.unavailable}</p>` : ""}
      </div>
      <p class="seek-time">${time}</p>
      <p class="seek-place">${place}</p>`;
  }
}
