/** From `mediaMs` on, media was made from `atMs` on, `rate` times as fast as time went. */
export interface FrameSpan {
  /** Time of the media, which its frame numbers count. */
  readonly mediaMs: number;
  /** Time of the stream. */
  readonly atMs: number;
  /** Media per time: 1 where it keeps pace. */
  readonly rate: number;
}

/** A stream that changes its times more often has long forgotten the first. */
const MAX_SPANS = 1_000;

/** When frames were made, as their numbers tell: media leaps and pauses, but no number comes twice. */
export class FrameTimes {
  #spans: readonly FrameSpan[];

  constructor(spans: readonly FrameSpan[] = []) {
    this.#spans = spans;
  }

  get spans(): readonly FrameSpan[] {
    return this.#spans;
  }

  /** What follows is made at these times. */
  from(span: FrameSpan): void {
    this.#spans = [...this.#spans.filter(({ mediaMs }) => mediaMs < span.mediaMs), span].slice(-MAX_SPANS);
  }

  /** Time of the stream at which a frame was made; undefined before the first. */
  madeAtMs(frame: number, frameRate: number): number | undefined {
    const mediaMs = (frame * 1_000) / frameRate;
    // A frame's number is whole, and thirds of a second are not.
    const span = this.#spans.findLast((one) => one.mediaMs <= mediaMs + 1);
    return span && span.atMs + (mediaMs - span.mediaMs) / span.rate;
  }
}
