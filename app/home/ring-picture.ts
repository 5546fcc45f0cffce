import { s } from "../kit/dom.ts";

/** As many as the worker keeps segments of a stream. */
const SEGMENTS = 32;
const SIZE = 240;
const RADIUS = 96;

/** The ring of segments, the newest one lit; it steps on by one segment every two seconds, as a real one does. */
export function ringPicture(): SVGElement {
  const centre = SIZE / 2;
  const turning = s("g", { class: "ring-turn" });
  for (let index = 0; index < SEGMENTS; index++) {
    turning.append(
      s("rect", {
        class: index === 0 ? "ring-head" : "ring-segment",
        x: centre - 5,
        y: centre - RADIUS - 15,
        width: 10,
        height: 30,
        rx: 3,
        // The oldest segments are about to leave: they stand just ahead of the head, and fade.
        opacity: (1 - 0.82 * (index / SEGMENTS)).toFixed(3),
        transform: `rotate(${(-index * 360) / SEGMENTS} ${centre} ${centre})`,
      }),
    );
  }
  const label = (y: number, text: string, style: string): SVGElement => {
    const line = s("text", { x: centre, y, class: style });
    line.textContent = text;
    return line;
  };
  return s(
    "svg",
    { class: "ring", viewBox: `0 0 ${SIZE} ${SIZE}`, "aria-hidden": "true" },
    turning,
    label(centre - 2, "one minute", "ring-label"),
    label(centre + 18, "kept in a ring", "ring-note"),
  );
}
