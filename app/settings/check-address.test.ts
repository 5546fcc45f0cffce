import { expect, test } from "vitest";
import { addressFault } from "./check-address.ts";

test.each([
  ["signalUrl", ""],
  ["signalUrl", "wss://signal.example.org/rooms"],
  ["signalUrl", "ws://localhost:8080"],
  ["turnUrl", "turn:turn.example.org:3478?transport=udp"],
  ["turnUrl", "turns:turn.example.org"],
  ["moqUrl", "https://relay.example.org/demo"],
  ["moqUrl", "http://127.0.0.1:4443"],
] as const)("%s may be “%s”", (field, text) => {
  expect(addressFault(field, text)).toBeUndefined();
});

test.each([
  ["signalUrl", "signal.example.org", "no-url"],
  ["signalUrl", "https://signal.example.org", "wrong-scheme"],
  ["signalUrl", "wss://", "no-url"],
  ["turnUrl", "turn:", "no-url"],
  ["turnUrl", "stun:stun.example.org", "wrong-scheme"],
  ["moqUrl", "moq://relay.example.org", "wrong-scheme"],
  ["moqUrl", "javascript:alert(1)", "wrong-scheme"],
] as const)("%s may not be “%s”: %s", (field, text, fault) => {
  expect(addressFault(field, text)).toBe(fault);
});
