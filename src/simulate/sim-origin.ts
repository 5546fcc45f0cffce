import type { FetchReason } from "../swarm/swarm-types.ts";
import { delayToOrigin } from "./population.ts";
import type { SimStream } from "./sim-stream.ts";
import type { SimViewer } from "./sim-viewer.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** From the request to the first byte, once the part is there. */
const SERVER_MS = 5;
/** Request and response headers, and the signed header that comes beside the part. */
const EXCHANGE_BYTES = 1200;

export interface OriginFetch {
  readonly viewer: SimViewer;
  readonly index: number;
  readonly reason: FetchReason;
  readonly signal: AbortSignal;
  readonly done: () => void;
}

export interface OriginOptions {
  readonly clock: VirtualClock;
  readonly stream: SimStream;
  /** A request that was not taken back on its way is a copy, even if its answer is. */
  readonly served: (viewer: SimViewer, index: number, reason: FetchReason) => void;
}

/** An HTTP origin with parts, or a CDN in front of it: near everybody, and never out of breath. Connections are open and warm. */
export class SimOrigin {
  readonly #options: OriginOptions;

  constructor(options: OriginOptions) {
    this.#options = options;
  }

  /** When a viewer that blocks on the playlist hears that it lists the part. */
  listedMs(viewer: SimViewer, index: number): number {
    return (index + 1) * this.#options.stream.partMs + SERVER_MS + delayToOrigin(viewer.profile);
  }

  fetch({ viewer, index, reason, signal, done }: OriginFetch): void {
    const { clock, stream, served } = this.#options;
    const delayMs = delayToOrigin(viewer.profile);
    clock.after(delayMs, () => {
      if (signal.aborted) return;
      served(viewer, index, reason);
      const { bytes, madeMs } = stream.part(index);
      const answersMs = Math.max(clock.now(), madeMs) + SERVER_MS;
      clock.after(answersMs + delayMs - clock.now(), () => {
        if (signal.aborted || viewer.isGone) return;
        const wireBytes = bytes.byteLength + EXCHANGE_BYTES;
        // The last byte comes when the line has carried all of them.
        const firstMs = clock.now() + (wireBytes * 8000) / viewer.profile.downlinkBps;
        clock.after(viewer.host.download(wireBytes, firstMs) - clock.now(), () => {
          if (!signal.aborted && !viewer.isGone) done();
        });
      });
    });
  }
}
