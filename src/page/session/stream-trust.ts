import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { isFingerprint, streamId } from "../../swarm/proof/key-pair.ts";
import type { Trust } from "../../swarm/proof/stream-proof.ts";
import type { OriginSource } from "../sources.ts";
import type { RelaySource } from "./relay-feed.ts";

export interface Joined {
  readonly name: string;
  readonly hasPeers: boolean;
  readonly origin?: OriginSource;
  readonly relay?: RelaySource;
  readonly fingerprint?: string;
  readonly integrity?: "signed" | "none";
}

/**
 * What a stream that is joined is held against, and what tells it from others.
 * @throws RelayError `invalid-option` where peers could not be proven, and nobody has said that they need not be
 */
export async function trustOf({
  name,
  hasPeers,
  origin,
  relay,
  fingerprint,
  integrity = "signed",
}: Joined): Promise<{ readonly trust: Trust; readonly streamId: Bytes }> {
  if (fingerprint !== undefined && !isFingerprint(fingerprint)) {
    throw new RelayError("invalid-option", `fingerprint: expected 43 characters of base64url, got "${fingerprint}"`);
  }
  if (integrity === "none") {
    if (hasPeers) {
      console.warn(
        `eddy-hls: "${name}" is joined with integrity "none": whoever is in its room can show viewers any picture. Signed headers ("npx eddy-hls sign") prevent that.`,
      );
    }
    return {
      trust: { integrity },
      streamId: await streamId(identityOf({ name, origin, relay })),
    };
  }
  if (!hasPeers && (relay === undefined || fingerprint === undefined)) {
    // Straight from the origin, or from a relay that is trusted: there is nobody to lie.
    return { trust: { integrity: "none" }, streamId: await streamId(identityOf({ name, origin, relay })) };
  }
  if (fingerprint === undefined) {
    throw new RelayError(
      "invalid-option",
      'peers: expected the fingerprint of the stream\'s key, which the watch link has, or integrity: "none"',
    );
  }
  if (origin !== undefined && origin.signedHeaders === undefined) {
    throw new RelayError(
      "invalid-option",
      'origin: expected signedHeaders ("npx eddy-hls sign") to prove what peers pass on, or integrity: "none"',
    );
  }
  // A signer's card may have another name than the stream has here.
  const trust: Trust = origin === undefined ? { fingerprint, name } : { fingerprint };
  return { trust, streamId: await publishedStreamId(fingerprint, origin === undefined ? name : undefined) };
}

/** What a stream that a page publishes is known by among peers. */
export function publishedStreamId(fingerprint: string, name?: string): Promise<Bytes> {
  return streamId(name === undefined ? fingerprint : `${fingerprint} ${name}`);
}

function identityOf({
  name,
  origin,
  relay,
}: {
  name: string;
  origin?: OriginSource | undefined;
  relay?: RelaySource | undefined;
}): string {
  if (origin !== undefined) return originIdentity(origin);
  if (relay?.kind === "webtransport") return `server ${relay.url}`;
  if (relay !== undefined) return `relay ${relay.relays[0]?.url} ${relay.name ?? name}`;
  return `name ${name}`;
}

function originIdentity({ identity, url }: OriginSource): string {
  return `origin ${identity ?? url}`;
}
