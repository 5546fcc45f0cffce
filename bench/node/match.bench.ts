import { createMatch, Playlists, RequestRecorder, systemClock } from "../../src/core.ts";
import { testInit, testPart } from "../../src/media/media.test-support.ts";
import type { Group, Work } from "./measure.ts";

const BASE = "/live/";
const PARTS = 60;

/** A relay of one stream, with a recorder before it as a worker that allows diagnostics has one. */
function relay() {
  const playlists = new Playlists();
  const stream = playlists.open("studio", {
    options: { renditions: [{ id: "main", bandwidth: 1_000_000 }], partTargetMs: 200, targetDurationMs: 1000 },
    epoch: "e1",
  });
  const rendition = stream.rendition("main");
  rendition.setInit(testInit());
  for (let part = 0; part < PARTS; part++) {
    const independent = part % 5 === 0;
    const bytes = testPart({ sequenceNumber: part + 1, firstFrame: part * 6, frames: 6, independent });
    rendition.addPart({ bytes, independent });
  }
  const match = createMatch(playlists, { base: BASE });
  const recorder = new RequestRecorder({ clock: systemClock, base: BASE, worker: "w", playlists: () => playlists });
  return { match, recorder };
}

function partRequests(): readonly Request[] {
  return Array.from(
    { length: 8 },
    (_, part) => new Request(`http://relay.invalid${BASE}studio/main/e1/part-${part}.mp4`),
  );
}

/** `off`: nobody has looked; `on`: somebody looks every 100 answers, far more often than a view does. */
function answer(name: string, mode: "none" | "off" | "on"): Work {
  const { match, recorder } = relay();
  const requests = partRequests();
  let count = 0;
  const run = async (): Promise<Response> => {
    const request = requests[count & 7] ?? requests[0];
    if (request === undefined) throw new Error("there is no request");
    if (mode === "on" && count % 100 === 0) recorder.trace(Number.MAX_SAFE_INTEGER, "w");
    count += 1;
    const answered = match(request);
    if (answered === undefined) throw new Error("expected an answer");
    const response = await (mode === "none" ? answered : recorder.follow(request, answered));
    await response.arrayBuffer();
    return response;
  };
  return { name, run };
}

export const matching: Group = {
  title: "Answers, looked at or not",
  about:
    "`match(request)` for a part in the ring, its body read to the end. With a recorder: as in a worker that allows diagnostics, while nobody looks " +
    "into it, and while somebody does.",
  works: [
    () => answer("without a recorder", "none"),
    () => answer("with a recorder, nobody looks", "off"),
    () => answer("with a recorder, somebody looks", "on"),
  ],
};
