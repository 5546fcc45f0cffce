import type { Capture } from "eddy-hls";

type Sink = Parameters<Capture["start"]>[0];
type PartBytes = Parameters<Sink["part"]>[0]["bytes"];

/** What went from a capture to its publisher, and was acknowledged. */
export interface SentCount {
  readonly parts: number;
  readonly bytes: number;
}

/** The same capture, with its parts counted as they are acknowledged, and shown to `onBytes` before they go. */
export function countedCapture(
  capture: Capture,
  onBytes: (bytes: PartBytes) => void,
): { readonly capture: Capture; readonly sent: () => SentCount } {
  let sent: SentCount = { parts: 0, bytes: 0 };
  const start = (sink: Sink): void => {
    const { init } = sink;
    capture.start({
      ...(init === undefined
        ? {}
        : {
            init: async (bytes: PartBytes, rendition: string) => {
              onBytes(bytes);
              await init(bytes, rendition);
            },
          }),
      part: async (part) => {
        const { byteLength } = part.bytes; // the bytes belong to the sink from here on
        onBytes(part.bytes);
        await sink.part(part);
        sent = { parts: sent.parts + 1, bytes: sent.bytes + byteLength };
      },
    });
  };
  const counted = new Proxy(capture, {
    get(target, key) {
      if (key === "start") return start;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { capture: counted, sent: () => sent };
}
