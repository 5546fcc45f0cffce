import { expect, test, vi } from "vitest";
import { moq } from "../moq/moq-source.ts";
import { resolvePeersOptions } from "../peers/peer-options.ts";
import type { PeerTransport } from "../peers/peer-transport.ts";
import type { Peers } from "../peers/peers.ts";
import type { RelayUplink } from "./relay-uplink.ts";
import { openSeeding } from "./seeding.ts";

const code = vi.hoisted(() => ({
  openUplink: async (): Promise<RelayUplink> => {
    throw new Error("the network is gone");
  },
}));
vi.mock("./relay-uplink.ts", () => ({ openRelayUplink: () => code.openUplink() }));

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

const options = { renditions: [rendition], partTargetMs: 333, targetDurationMs: 2_000 };

test("where the code of a relay cannot be loaded, the room that was opened before is left", async () => {
  const { done, peers } = fakePeers();
  const relay = moq({ url: "https://relay.example/" });
  const opening = openSeeding({ name: "studio", options, epoch: "e1", base: "/live/", peers, relay });
  await expect(opening).rejects.toThrow("the network is gone");
  expect(done).toEqual(["open", "close"]);
});

test("a relay that was opened for what cannot be signed is let go of", async () => {
  const done: string[] = [];
  code.openUplink = async () =>
    ({
      setCard: () => {
        throw new RangeError("too long");
      },
      close: () => done.push("close"),
    }) as unknown as RelayUplink;
  const relay = moq({ url: "https://relay.example/" });
  const opening = openSeeding({ name: "studio", options, epoch: "e1", base: "/live/", relay });
  await expect(opening).rejects.toThrow("too long");
  expect(done).toEqual(["close"]);
});

test("a stream that is published again soon does not wait for the viewers of the one before: they are let go first", async () => {
  const { done, peers } = fakePeers();
  const call = { name: "studio", options, base: "/live/", peers };
  const first = await openSeeding({ ...call, epoch: "e1" });
  const other = await openSeeding({ ...call, name: "other", epoch: "e1" });
  first.closed();
  other.closed();
  done.length = 0;
  await openSeeding({ ...call, epoch: "e2" });
  expect(done).toEqual(["close", "open", "start"]);
});
