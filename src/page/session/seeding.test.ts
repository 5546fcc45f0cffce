import { expect, test } from "vitest";
import { resolvePeersOptions } from "../peers/peer-options.ts";
import type { PeerTransport } from "../peers/peer-transport.ts";
import type { Peers } from "../peers/peers.ts";
import { openSeeding } from "./seeding.ts";

/** Peers that write down what is done with them. */
function fakePeers() {
  const done: string[] = [];
  const config = resolvePeersOptions({}, "https://example.org/");
  const transport = {
    self: "page",
    config,
    uploads: { state: { on: true }, onChange: () => () => undefined },
    start: () => done.push("start"),
    close: async () => done.push("close"),
  };
  const open = async () => {
    done.push("open");
    return transport as unknown as PeerTransport;
  };
  return { done, peers: { config, open } satisfies Peers };
}

const rendition = { id: "main", codecs: "avc1.42c01f", bandwidth: 1_000_000 };

test("a stream that cannot be published meets nobody", async () => {
  const { done, peers } = fakePeers();
  const options = { renditions: [{ ...rendition, bandwidth: -1 }], partTargetMs: 333, targetDurationMs: 2_000 };
  const opening = openSeeding({ name: "studio", options, epoch: "e1", base: "/live/", peers });
  await expect(opening).rejects.toMatchObject({ code: "invalid-option" });
  expect(done).toEqual([]);
});
