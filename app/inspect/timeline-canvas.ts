import type { LoggedRequest } from "./request-log.ts";
import { SeenCanvas } from "./seen-canvas.ts";

/** What the timeline shows. */
const TIMELINE_MS = 30_000;
const LANES = 14;
const LANE_HEIGHT = 10;

/** Requests of the last half minute as bars: pale while they were held back, dark while they were read. */
export class TimelineCanvas extends SeenCanvas {
  #requests: readonly LoggedRequest[] = [];
  #starts: readonly number[] = [];

  constructor() {
    super({ class: "timeline", role: "img" });
  }

  show(requests: readonly LoggedRequest[], starts: readonly number[]): void {
    this.#requests = requests;
    this.#starts = starts;
    this.draw();
  }

  protected override paint(): void {
    const { canvas } = this;
    const width = canvas.clientWidth;
    const height = LANES * LANE_HEIGHT + 2;
    const context = this.cleared(height);
    if (context === null) return;
    const style = getComputedStyle(canvas);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const nowMs = Date.now();
    const xOf = (atMs: number): number => width - ((nowMs - atMs) / TIMELINE_MS) * width;
    context.fillStyle = colour("--live");
    for (const atMs of this.#starts) context.fillRect(xOf(atMs), 0, 2, height);
    /** Until when each lane is taken. */
    const lanes = new Array<number>(LANES).fill(0);
    for (const request of this.#requests) {
      const { askedAtMs, doneAfterMs, answeredAfterMs, state } = request;
      const endMs = askedAtMs + (doneAfterMs ?? nowMs - askedAtMs);
      if (endMs < nowMs - TIMELINE_MS) continue;
      const free = lanes.findIndex((untilMs) => untilMs <= askedAtMs);
      const lane = free < 0 ? request.number % LANES : free;
      lanes[lane] = endMs;
      const isBad = state === "broken" || (request.status ?? 0) >= 400;
      // Not by its colour alone.
      const barHeight = isBad ? LANE_HEIGHT / 2 - 1 : LANE_HEIGHT - 2;
      const y = (lane + 1) * LANE_HEIGHT - 1 - barHeight;
      const [from, to] = [xOf(askedAtMs), xOf(endMs)];
      const answered = answeredAfterMs === undefined ? to : xOf(askedAtMs + answeredAfterMs);
      context.globalAlpha = 0.35;
      context.fillStyle = colour(isBad ? "--danger" : "--accent");
      context.fillRect(from, y, Math.max(1, answered - from), barHeight);
      context.globalAlpha = 1;
      if (answeredAfterMs !== undefined || state === "broken")
        context.fillRect(answered, y, Math.max(2, to - answered), barHeight);
    }
  }
}
