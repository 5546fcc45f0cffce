import { Playlists } from "eddy-hls/core";
import { expect, test } from "vitest";
import { testInit } from "../src/media/media.test-support.ts";
import { Ingest } from "./ingest.ts";

test("after a restart the page that sends the next step hears what is on disk, although it never opened again", () => {
  const told: string[] = [];
  const playlists = new Playlists();
  playlists.open("studio", { options: { renditions: [{ id: "main", bandwidth: 1 }] }, epoch: "e1", starts: new Map() });
  const ingest = new Ingest(playlists, {
    clientExists: async () => true,
    tellKept: (clientId) => told.push(clientId),
  });
  ingest.restore("studio", { epoch: "e1", session: 3, expected: { main: 7 } });
  ingest.kept("studio", "e1", 3, new Map([["main", 7]]));
  expect(told).toEqual([]); // nobody is known yet

  const step = { kind: "init", bytes: testInit() } as const;
  ingest.step(
    { type: "step", stream: "studio", epoch: "e1", session: 3, rendition: "main", number: 7, step },
    "page-1",
  );
  ingest.kept("studio", "e1", 3, new Map([["main", 8]]));
  expect(told).toEqual(["page-1"]);
});

test("a stream is said to be removed when the disk has forgotten it, and not before", async () => {
  let flushed = (): void => undefined;
  const store = {
    available: true,
    reached: () => undefined,
    flush: () =>
      new Promise<void>((resolve) => {
        flushed = resolve;
      }),
    settle: async () => undefined,
  };
  const playlists = new Playlists();
  playlists.open("studio", {
    options: { renditions: [{ id: "main", bandwidth: 1 }] },
    epoch: "e1",
    starts: new Map(),
  });
  const ingest = new Ingest(playlists, { clientExists: async () => true, store });
  let answer: boolean | undefined;
  const removed = ingest.remove("studio").then((value) => {
    answer = value;
  });
  expect(playlists.find("studio")).toBeUndefined();
  await Promise.resolve();
  expect(answer).toBeUndefined();
  flushed();
  await removed;
  expect(answer).toBe(true);
  expect(await ingest.remove("studio")).toBe(false);
});
