import { expect, test, vi } from "vitest";
import type { LoggedRequest } from "./request-log.ts";
import { TimelineCanvas } from "./timeline-canvas.ts";

test("what failed is told apart by its height too, and not by its colour alone", () => {
  const heights: number[] = [];
  const context = {
    setTransform: () => undefined,
    clearRect: () => undefined,
    fillRect: (_x: number, _y: number, _width: number, height: number) => void heights.push(height),
  };
  const canvas = { clientWidth: 300, style: {}, setAttribute: () => undefined, append: () => undefined };
  vi.stubGlobal("document", { createElement: () => ({ ...canvas, getContext: () => context }), hidden: false });
  vi.stubGlobal("devicePixelRatio", 1);
  vi.stubGlobal("getComputedStyle", () => ({ getPropertyValue: () => "" }));
  const painted = new (class extends TimelineCanvas {
    override paint(): void {
      super.paint();
    }
  })();
  const asked = (changes: Partial<LoggedRequest>) => {
    const request = { number: 0, askedAtMs: Date.now() - 1_000, answeredAfterMs: 100, doneAfterMs: 500, ...changes };
    painted.show([request as LoggedRequest], []);
    heights.length = 0;
    painted.paint();
    return [...heights];
  };
  const [whole = 0] = asked({ state: "done", status: 200 });
  for (const failed of [asked({ state: "done", status: 503 }), asked({ state: "broken" })]) {
    expect(failed).toHaveLength(2);
    for (const height of failed) expect(height).toBeLessThanOrEqual(whole / 2);
  }
});
