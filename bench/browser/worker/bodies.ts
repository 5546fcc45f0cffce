import type { Bytes } from "eddy-hls/core";
import type { BodyKind } from "../contract.ts";

/** The ways that were thought of; the one that src/http takes is among them. */
export const MAKE_BODY: Readonly<Record<BodyKind, (views: readonly Bytes[]) => BodyInit>> = {
  "pull, 0 ahead": (views) => pulled(views, 0),
  "pull, 1 ahead": (views) => pulled(views, 1),
  start: (views) =>
    new ReadableStream<Bytes>({
      start(controller) {
        for (const view of views) controller.enqueue(view);
        controller.close();
      },
    }),
  // It detaches what it is given, so what is stored has to be copied for it.
  "type bytes": (views) =>
    new ReadableStream({
      type: "bytes",
      start(controller) {
        for (const view of views) controller.enqueue(view.slice());
        controller.close();
      },
    }),
  view: (views) => (views.length === 1 && views[0] !== undefined ? views[0] : joined(views)),
  blob: (views) => new Blob([...views]),
};

/** The body that `match()` gives, but for what it pulls ahead. */
function pulled(views: readonly Bytes[], highWaterMark: number): ReadableStream<Bytes> {
  let next = 0;
  return new ReadableStream<Bytes>(
    {
      pull(controller) {
        const view = views[next++];
        if (view !== undefined) controller.enqueue(view);
        if (next >= views.length) controller.close();
      },
    },
    { highWaterMark },
  );
}

function joined(views: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(views.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const view of views) {
    whole.set(view, offset);
    offset += view.byteLength;
  }
  return whole;
}
