import { expect, test } from "vitest";
import { whyUnreachable } from "./unreachable.ts";

const NOTHING = { own: 0, reflexive: 0, relayed: 0, error: undefined };
const STUN = { urls: "stun:stun.example" };
const TURN = { urls: ["turn:turn.example", "turn:turn.example?transport=tcp"] };
const DENIED = "turn:turn.example: 401 Unauthorized";

test.each([
  ["no address at all", NOTHING, [STUN], "no-ice", /no address/],
  ["no address, and the server says why", { ...NOTHING, error: DENIED }, [TURN], "no-ice", /\(turn:turn\.example: 401/],
  ["its own address alone: UDP is blocked", { ...NOTHING, own: 1 }, [STUN], "nat", /may block UDP/],
  ["its own address alone, where it was told of no server", { ...NOTHING, own: 1 }, [], "nat", /would help/],
  ["two NATs that differ by destination", { ...NOTHING, own: 1, reflexive: 1 }, [STUN], "nat", /would help/],
  ["TURN, without a way in", { ...NOTHING, own: 1, reflexive: 1, error: DENIED }, [STUN, TURN], "nat", /let .*401/],
  ["TURN that serves this side", { ...NOTHING, own: 1, relayed: 1 }, [TURN], "nat", /the peer may have none/],
] as const)("%s", (_, found, servers, reason, message) => {
  expect(whyUnreachable(found, servers)).toEqual({ reason, message: expect.stringMatching(message) });
});
