import { RelayError } from "../../model/errors.ts";

/**
 * Versions of the protocol that the relay speaks, the best first. Those with an `alpn` are chosen with the subprotocol of the
 * WebSocket; those with a `setup` number in the first message of the session, which is all that WebTransport has here:
 * `@moq/web-transport` 0.1.4 does not answer the subprotocols that a client offers.
 */
const VERSIONS = {
  "moq-lite-05": { alpn: "moq-lite-05" },
  "moq-lite-04": { alpn: "moq-lite-04" },
  "moq-lite-03": { alpn: "moq-lite-03" },
  "moq-transport-20": { alpn: "moqt-20" },
  "moq-transport-19": { alpn: "moqt-19" },
  "moq-transport-18": { alpn: "moqt-18" },
  "moq-transport-17": { alpn: "moqt-17" },
  "moq-transport-16": { alpn: "moqt-16" },
  "moq-transport-15": { alpn: "moqt-15" },
  "moq-lite-02": { setup: 0xff0dad02 },
  "moq-lite-01": { setup: 0xff0dad01 },
  "moq-transport-14": { setup: 0xff00000e },
} as const satisfies Record<string, { alpn: string } | { setup: number }>;

export type MoqVersion = keyof typeof VERSIONS;

export const MOQ_VERSIONS = Object.keys(VERSIONS) as readonly MoqVersion[];

/** The subprotocol under which a version is chosen in the first message. */
const SETUP_ALPN = "moql";

/** What a relay offers that speaks `versions` and no other. */
export interface VersionOffer {
  /** For `selectSubprotocol()` of `@moq/qmux`. */
  readonly subprotocols: {
    readonly protocols: string[];
    readonly versions: Record<string, null>;
    readonly requireProtocol: boolean;
  };
  /** Which the first message names; undefined leaves it to the client. */
  readonly setup: number | undefined;
  readonly hasSetup: boolean;
}

/** @throws RelayError `invalid-option` of a version that is not known */
export function versionOffer(versions: readonly string[]): VersionOffer {
  const known = versions.map((name) => {
    if (!isVersion(name)) {
      throw new RelayError("invalid-option", `expected a version such as ${MOQ_VERSIONS.join(", ")}, got ${name}`);
    }
    return VERSIONS[name];
  });
  const alpns = known.flatMap((version) => ("alpn" in version ? [version.alpn] : []));
  const setups = known.flatMap((version) => ("setup" in version ? [version.setup] : []));
  const hasSetup = setups.length > 0;
  const protocols = hasSetup ? [...alpns, SETUP_ALPN] : alpns;
  const allSetups = Object.values(VERSIONS).filter((version) => "setup" in version).length;
  return {
    subprotocols: {
      protocols,
      versions: Object.fromEntries(protocols.map((alpn) => [alpn, null])),
      requireProtocol: !hasSetup,
    },
    setup: setups.length === allSetups ? undefined : setups[0],
    hasSetup,
  };
}

const isVersion = (name: string): name is MoqVersion => name in VERSIONS;
