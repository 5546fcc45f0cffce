import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import type { Capture } from "./capture.ts";
import type { Relay } from "./open-relay.ts";
import { publishCapture } from "./publish-capture.ts";

test("a stream whose init segment is refused is ended, and its capture stopped", async () => {
  const done: string[] = [];
  const publisher = {
    init: () => Promise.reject(new RelayError("malformed-init", "expected a codec that is known")),
    end: async () => done.push("ended"),
  };
  const rendition = { id: "main", codecs: "avc1.42c01f", bandwidth: 1_000_000, init: new Uint8Array(1) };
  const capture = { renditions: [rendition], rendition, stop: async () => done.push("stopped") };
  const publishing = publishCapture({
    relay: { publish: async () => publisher } as unknown as Relay,
    name: "studio",
    capture: capture as unknown as Capture,
  });
  await expect(publishing).rejects.toMatchObject({ code: "malformed-init" });
  expect(done).toEqual(["stopped", "ended"]);
});
