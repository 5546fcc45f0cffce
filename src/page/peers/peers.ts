import { RelayError } from "../../model/errors.ts";
import type { PeerFailure } from "./peer-failures.ts";
import { type PeersConfig, type PeersOptions, resolvePeersOptions } from "./peer-options.ts";
import type { PeerTransport } from "./peer-transport.ts";

/** What `peers()` returns: one of the sources of `relay.join()`. */
export interface Peers {
  /** The options, checked and complete. */
  readonly config: PeersConfig;
  /**
   * Loads what peers need, and nothing before. `room` names the stream where the options name none.
   * @throws RelayError `peers-unavailable` where there is no WebRTC, or its code cannot be loaded
   * @internal
   */
  open(room: string, listener?: (failure: PeerFailure) => void): Promise<PeerTransport>;
}

/**
 * Viewers pass a stream to each other. Nothing is loaded or connected until a stream is joined.
 * @throws RelayError `invalid-option`
 * @example
 * ```ts
 * const session = await relay.join("studio", { peers: peers({ upload: { consent: true } }), fingerprint });
 * ```
 */
export function peers(options: PeersOptions = {}): Peers {
  const config = resolvePeersOptions(options, location.href);
  return {
    config,
    async open(room, listener) {
      if (typeof RTCPeerConnection === "undefined") {
        throw new RelayError("peers-unavailable", "this browser has no WebRTC, or it is switched off");
      }
      const { openTransport } = await import("./peer-code.ts").catch((cause: unknown) => {
        throw new RelayError("peers-unavailable", "the code for peers could not be loaded", { cause });
      });
      return openTransport({ config, room: config.room ?? room, ...(listener === undefined ? {} : { listener }) });
    },
  };
}
