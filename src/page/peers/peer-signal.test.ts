import fc from "fast-check";
import { expect, test } from "vitest";
import { PEER_VERSION } from "../../wire/peer-frame.ts";
import { peerSignalOf, readPeerSignal } from "./peer-signal.ts";

const peerId = "abcdefghij0123456789";

test("what is sent around Trystero's message is read again", () => {
  const own = { replyTo: "topic", links: 3 };
  const offer = { peerId, offerId: "1", offer: "sealed" };
  const read = { version: PEER_VERSION, peerId, replyTo: "topic", links: 3, calls: false, refused: false };
  expect(readPeerSignal(peerSignalOf(JSON.stringify(offer), own))).toEqual({ ...read, offerId: "1", offer: "sealed" });
  expect(readPeerSignal(peerSignalOf({ peerId, refused: true }, own))).toEqual({ ...read, refused: true });
});

test.each([
  ["another program's", { peerId }],
  ["no id", { v: 1 }],
  ["an id that means something to an object", { v: 1, peerId: "__proto__" }],
  ["an offer that is no text", { v: 1, peerId, offer: { sdp: "x" } }],
  ["an empty answer", { v: 1, peerId, answer: "" }],
])("%s is not read", (_, message) => {
  expect(readPeerSignal(JSON.stringify(message))).toBeUndefined();
});

test("only what is named gets through, whatever comes", () => {
  const message = fc.record(
    {
      v: fc.oneof(fc.constant(1), fc.anything()),
      peerId: fc.oneof(fc.constant(peerId), fc.anything()),
      to: fc.anything(),
      links: fc.anything(),
      peer: fc.anything(),
      offer: fc.oneof(fc.string(), fc.anything()),
      hasOutgoingOffer: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        message.map((one) => JSON.stringify(one)),
      ),
      (payload) => {
        const read = readPeerSignal(payload);
        if (read === undefined) return;
        const known = [
          "version",
          "peerId",
          "replyTo",
          "links",
          "calls",
          "refused",
          "offer",
          "answer",
          "candidate",
          "offerId",
        ];
        expect(known).toEqual(expect.arrayContaining(Object.keys(read)));
        expect(read.links).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});
