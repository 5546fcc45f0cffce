import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { testInit, testPart, testVtt } from "../src/media/media.test-support.ts";
import type { RelayError } from "../src/model/errors.ts";
import type { StreamOptions } from "../src/model/options.ts";
import { Publisher } from "../src/page/publisher.ts";
import { WorkerLink } from "../src/page/worker-link.ts";
import type { AskEnvelope } from "../src/wire/messages.ts";
import { Client, TestWorker } from "./worker.test-support.ts";

const OPTIONS: StreamOptions = {
  renditions: [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }],
  partTargetMs: 200,
  targetDurationMs: 1000,
  segmentMinMs: 1000,
};

let worker: TestWorker;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("Client", Client);
  worker = new TestWorker();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function publish(clientId = "page", epoch = "e1"): Promise<Publisher> {
  const publisher = new Publisher("studio", OPTIONS, { link: new WorkerLink(worker.port(clientId)), epoch });
  await publisher.open();
  return publisher;
}

/** Part `n` of a stream with five parts of six frames to the second, the first of each independent. */
function part(n: number) {
  const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 });
  return { bytes, durationMs: 200, independent: n % 5 === 0, programDateTimeMs: 1_800_000_000_000 + n * 200 };
}

async function publishParts(publisher: Publisher, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await publisher.part("main", part(n));
}

const listedParts = (playlist: string) =>
  [...playlist.matchAll(/part-(\d+)\.mp4"(?!.*HINT)/g)].map((match) => Number(match[1]));

test("part() resolves with the position once the worker has stored it, and the playlist lists it", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  expect(await publisher.part("main", part(0))).toEqual({ msn: 1, part: 0 });
  await publishParts(publisher, 1, 5);
  expect(await publisher.part("main", part(5))).toEqual({ msn: 2, part: 0 });
  expect(await worker.text("studio/main/media.m3u8")).toContain("#EXTINF:1.00000,");
  expect(publisher.pending).toBe(0);
});

test("a part that is lost on its way is sent again, with what came after it, and stands in the ring once", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  let lost = 0;
  worker.loses = ({ ask }) => ask.type === "step" && ask.number === 3 && lost++ === 0;
  const all = Promise.all(Array.from({ length: 12 }, (_, n) => publisher.part("main", part(n))));
  await vi.advanceTimersByTimeAsync(10_000);
  const positions = await all;
  expect(lost).toBeGreaterThan(0);
  expect(positions.map(({ msn, part: index }) => (msn - 1) * 5 + index)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ]);
  const playlist = await worker.text("studio/main/media.m3u8");
  expect(listedParts(playlist)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]); // the last is the hint
});

test("an acknowledgement that is lost costs nothing: the part is not stored twice", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  const port = worker.clients.get("page");
  const post = port?.postMessage.bind(port);
  let lost = 0;
  if (port !== undefined && post !== undefined) {
    port.postMessage = (data) => {
      if (lost++ >= 3) post(data);
    };
  }
  const all = Promise.all(Array.from({ length: 6 }, (_, n) => publisher.part("main", part(n))));
  await vi.advanceTimersByTimeAsync(10_000);
  await all;
  expect(lost).toBeGreaterThan(3);
  expect(listedParts(await worker.text("studio/main/media.m3u8"))).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("a worker that was killed is told the last segments again: same numbers, same URIs, and the stream goes on", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await publishParts(publisher, 0, 33);
  const before = await worker.text("studio/main/media.m3u8");
  worker.kill();
  await publishParts(publisher, 33, 36);
  const after = await worker.text("studio/main/media.m3u8");
  expect(publisher.reopened).toBe(1);
  expect(after).toContain("part-35.mp4");
  // Everything that both list, they list alike: no number has got another URI or duration.
  const entries = (text: string) => new Map([...text.matchAll(/#EXTINF:(\S+),\n(\S+)/g)].map((m) => [m[2], m[1]]));
  const old = entries(before);
  const shared = [...entries(after)].filter(([uri]) => old.has(uri));
  expect(shared.length).toBeGreaterThanOrEqual(3);
  for (const [uri, duration] of shared) expect(duration).toBe(old.get(uri));
  expect(await worker.text("studio/main/e1/part-32.mp4")).not.toContain("not-found");
});

test("a worker that was killed is told subtitles again, which have no init segment", async () => {
  const subtitles = { id: "cc", kind: "subtitles", bandwidth: 1_000, segmentMinMs: 1000 } as const;
  const options = { ...OPTIONS, renditions: [...OPTIONS.renditions, subtitles] };
  const publisher = new Publisher("studio", options, { link: new WorkerLink(worker.port("page")), epoch: "e1" });
  await publisher.open();
  await publisher.init("main", testInit());
  const publishBoth = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) {
      await publisher.part("main", part(n));
      await publisher.part("cc", { bytes: testVtt(`part ${n}`, n * 200, (n + 1) * 200), durationMs: 200 });
    }
  };
  await publishBoth(0, 33);
  worker.kill();
  await publishBoth(33, 36);
  expect(publisher.closed).toBeUndefined();
  expect(publisher.reopened).toBe(1);
  expect(await worker.text("studio/cc/media.m3u8")).toContain("part-35.vtt");
});

test("a kill with parts on their way loses none of them", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await publishParts(publisher, 0, 11);
  const inFlight = Promise.all([11, 12, 13].map((n) => publisher.part("main", part(n))));
  worker.kill();
  await vi.advanceTimersByTimeAsync(5_000);
  const positions = await inFlight;
  expect(positions.at(-1)).toEqual({ msn: 3, part: 3 });
});

test("a refused part is left out with a typed error, what is live goes on, and a killed worker is not told it again", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await publishParts(publisher, 0, 2);
  const bad = publisher.part("main", { bytes: new Uint8Array([1, 2, 3]), durationMs: 200 });
  await expect(bad).rejects.toMatchObject({ code: "malformed-part" } satisfies Partial<RelayError>);
  await publishParts(publisher, 2, 7);
  worker.kill();
  await publishParts(publisher, 7, 11);
  expect(listedParts(await worker.text("studio/main/media.m3u8"))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("a part of another track set is refused with track-mismatch", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit({ audio: { id: 2, timescale: 48_000 } }));
  await expect(publisher.part("main", part(0))).rejects.toMatchObject({ code: "track-mismatch" });
});

test("an init segment that is no ftyp+moov is refused, and the one in effect stays", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await expect(publisher.init("main", testPart())).rejects.toMatchObject({ code: "malformed-init" });
  expect(await publisher.part("main", part(0))).toEqual({ msn: 1, part: 0 });
});

test("a part before any init segment is refused with init-missing", async () => {
  const publisher = await publish();
  await expect(publisher.part("main", part(0))).rejects.toMatchObject({ code: "init-missing" });
});

test("an unknown rendition is refused, with those that there are", async () => {
  const publisher = await publish();
  await expect(publisher.part("hd", part(0))).rejects.toMatchObject({
    code: "rendition-not-found",
    message: expect.stringContaining("main"),
  });
});

test("a second producer is refused while the first one's page is open, and takes over once it is gone", async () => {
  const first = await publish("page-1", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 7);
  await expect(publish("page-2", "e2")).rejects.toMatchObject({ code: "stream-exists" });
  worker.clients.delete("page-1");
  const second = await publish("page-2", "e2");
  await second.init("main", testInit());
  // Rule 28: its numbers go on, so that no media sequence number ever means two things.
  expect(await second.part("main", part(0))).toEqual({ msn: 3, part: 0 });
  // What the first one published is listed still, under its own URIs.
  const listed = await worker.text("studio/main/media.m3u8");
  expect(listed).toMatch(/e1\/seg-2\.mp4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="e2\/init-1\.mp4"/);
  expect(await worker.text("studio/main/e1/part-0.mp4")).not.toContain("media-not-found");
  expect(await worker.text("studio/main/e2/part-0.mp4")).toContain("media-not-found");
});

test("end() comes after all that was published, and the playlist says so", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  const parts = Promise.all([0, 1, 2].map((n) => publisher.part("main", part(n))));
  await publisher.end();
  await parts;
  const playlist = await worker.text("studio/main/media.m3u8");
  expect(playlist).toContain("part-2.mp4");
  expect(playlist).toContain("#EXT-X-ENDLIST");
  await expect(publisher.part("main", part(3))).rejects.toMatchObject({ code: "closed" });
});

test("a worker that never answers ends the publisher with worker-unreachable, and nothing waits for ever", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  worker.loses = () => true;
  const lost = expect(publisher.part("main", part(0))).rejects.toMatchObject({ code: "worker-unreachable" });
  await vi.advanceTimersByTimeAsync(60_000);
  await lost;
  expect(publisher.closed?.code).toBe("worker-unreachable");
});

test("more unacknowledged steps than the cap are refused, and none is lost for it", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  worker.loses = () => true;
  const parts = Array.from({ length: 300 }, () => publisher.part("main", part(0)));
  const outcomes = Promise.allSettled(parts);
  expect(publisher.pending).toBe(256);
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await outcomes).every(({ status }) => status === "rejected")).toBe(true);
});

test("rules 27, 28 and 34: a producer that took over has the numbers and dates it was given, also in a worker started anew", async () => {
  const first = await publish("page-1", "e1");
  await first.init("main", testInit());
  await publishParts(first, 0, 7);
  worker.clients.delete("page-1");
  const second = await publish("page-2", "e2");
  await second.init("main", testInit());
  const { programDateTimeMs: _, ...undated } = part(0);
  await second.part("main", undated);
  for (let n = 1; n < 7; n++) await second.part("main", { ...part(n), programDateTimeMs: 0 });
  const dates = (text: string) => text.match(/e2[\s\S]*/)?.[0].match(/#EXT-X-PROGRAM-DATE-TIME:.*/g) ?? [];
  const before = await worker.text("studio/main/media.m3u8");
  await vi.advanceTimersByTimeAsync(5_000);
  worker.kill();
  await second.part("main", part(7));
  const after = await worker.text("studio/main/media.m3u8");
  expect(second.reopened).toBe(1);
  expect(/MEDIA-SEQUENCE:(\d+)/.exec(after)?.[1]).toBe("3");
  expect(after).toContain("e2/seg-3.mp4");
  expect(dates(before)).toHaveLength(2);
  expect(dates(after)).toEqual(dates(before));
});

test("a worker that was killed is told keys, date ranges and discontinuities as they were: old ones once, and none twice", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await publisher.dateRange({
    id: "show",
    startDate: 1_800_000_000_000,
    class: "com.example",
    attributes: { "X-N": 1 },
  });
  await publisher.key("main", { method: "SAMPLE-AES", uri: "skd://one" });
  await publishParts(publisher, 0, 10);
  await publisher.discontinuity("main");
  await publisher.key("main", { method: "SAMPLE-AES", uri: "skd://two", iv: new Uint8Array(16) });
  await publishParts(publisher, 10, 33);
  await publisher.dateRange({ id: "ad", startDate: "2027-01-15T08:00:05Z", durationMs: 4000 });
  await publishParts(publisher, 33, 36);
  const tail = (text: string, from: string) => text.slice(text.indexOf(from));
  const before = await worker.text("studio/main/media.m3u8");
  worker.kill();
  await publishParts(publisher, 36, 37);
  const after = await worker.text("studio/main/media.m3u8");
  expect(publisher.reopened).toBe(1);
  for (const text of [before, after]) {
    expect(text.match(/#EXT-X-DATERANGE:ID="(?:show|ad)".*/g)).toEqual([
      '#EXT-X-DATERANGE:ID="show",CLASS="com.example",START-DATE="2027-01-15T08:00:00.000Z",X-N=1',
      '#EXT-X-DATERANGE:ID="ad",START-DATE="2027-01-15T08:00:05.000Z",DURATION=4.00000',
    ]);
    expect(text.match(/#EXT-X-KEY:.*/g)?.at(-1)).toBe(
      `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://two",IV=0x${"0".repeat(32)}`,
    );
  }
  expect(before).toContain("#EXT-X-DISCONTINUITY\n");
  expect(after).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:1\n");
  const [, firstMsn] = /MEDIA-SEQUENCE:(\d+)/.exec(after) ?? [];
  const shared = `e1/seg-${firstMsn}.mp4`;
  expect(tail(after, shared).split("\n").slice(0, 6)).toEqual(tail(before, shared).split("\n").slice(0, 6));
});

test("rule 35: a date range id with another value is refused, and the stream goes on", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await publisher.dateRange({ id: "ad", startDate: 0 });
  await expect(publisher.dateRange({ id: "ad", startDate: 1 })).rejects.toMatchObject({ code: "conflict" });
  expect(await publisher.part("main", part(0))).toEqual({ msn: 1, part: 0 });
});

test("a part is sent without a copy of the page's own, and stays the page's", async () => {
  const port = worker.port("page");
  const posted: { message: unknown; transfer: readonly Transferable[] }[] = [];
  const publisher = new Publisher("studio", OPTIONS, {
    epoch: "e1",
    link: new WorkerLink({
      ...port,
      worker: {
        postMessage(message, transfer) {
          posted.push({ message, transfer });
          port.worker?.postMessage(message, transfer);
        },
      },
    }),
  });
  await publisher.open();
  await publisher.init("main", testInit());
  const { bytes, ...more } = part(0);
  await publisher.part("main", { bytes, ...more });
  expect(posted.at(-1)).toMatchObject({ transfer: [] });
  const { ask } = (posted.at(-1)?.message ?? {}) as Partial<AskEnvelope>;
  expect(ask?.type === "step" && ask.step.kind === "part" && ask.step.bytes === bytes).toBe(true);
  expect(bytes.byteLength).toBeGreaterThan(0);
});

test("a part that is a view of a larger buffer takes nothing but itself to the worker", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  const { bytes, ...more } = part(0);
  const large = new Uint8Array(bytes.byteLength + 1_000_000);
  large.set(bytes, 500_000);
  const received: number[] = [];
  worker.loses = ({ ask }) => {
    const { step } = ask as { step?: { bytes?: Uint8Array } };
    if (step?.bytes !== undefined) received.push(step.bytes.buffer.byteLength);
    return false;
  };
  const view = large.subarray(500_000, 500_000 + bytes.byteLength);
  expect(await publisher.part("main", { bytes: view, ...more })).toEqual({ msn: 1, part: 0 });
  expect(received).toEqual([bytes.byteLength]);
  expect(large.byteLength).toBe(bytes.byteLength + 1_000_000);
});

test("a step that the worker could not read is refused at once, and holds up nothing behind it", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  const refused = { code: "invalid-option" } satisfies Partial<RelayError>;
  await expect(publisher.dateRange({ id: "", startDate: 0 })).rejects.toMatchObject(refused);
  await expect(publisher.key("main", { method: "SAMPLE-AES" })).rejects.toMatchObject(refused);
  await expect(publisher.gap("main", { durationMs: Number.NaN })).rejects.toMatchObject({ code: "malformed-message" });
  expect(await publisher.part("main", part(0))).toEqual({ msn: 1, part: 0 });
});

test("a request to another host is the network's, whatever its path", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  await publishParts(publisher, 0, 6);
  expect(worker.relay.match(new Request("http://127.0.0.1:8080/live/studio/main.m3u8"))).toBeUndefined();
  expect((await worker.get("studio/main.m3u8")).status).toBe(200);
});

test("a player that comes while a stream catches up gets a first playlist of all that is there", async () => {
  const publisher = await publish();
  await publisher.init("main", testInit());
  const asked = worker.text("studio/main/media.m3u8");
  for (let n = 0; n < 23; n++) await publisher.part("main", { ...part(n), more: n < 22 } as ReturnType<typeof part>);
  await vi.advanceTimersByTimeAsync(100);
  expect(listedParts(await asked).at(-2)).toBe(22);
  // One whose rest does not come is answered all the same.
  await publisher.part("main", { ...part(23), more: true } as ReturnType<typeof part>);
  const late = worker.text("studio/main/media.m3u8");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(listedParts(await late).at(-2)).toBe(23);
  // Once that is known, nobody waits for it again.
  let isAnswered = false;
  const later = worker.text("studio/main/media.m3u8").finally(() => {
    isAnswered = true;
  });
  await vi.advanceTimersByTimeAsync(10);
  expect(isAnswered).toBe(true);
  expect(listedParts(await later).at(-2)).toBe(23);
});

test("a message that nobody can be answered about, or that is another's, is not the relay's", () => {
  const worker = new TestWorker();
  const source = new Client("page");
  const waiting: unknown[] = [];
  const receive = (data: unknown, from: unknown): boolean =>
    worker.relay.receive({ data, source: from, waitUntil: (promise: unknown) => waiting.push(promise) } as never);
  expect(receive({ eddy: 5, id: 1, ask: { type: "hello" } }, null)).toBe(false);
  for (const data of [undefined, "SKIP_WAITING", { type: "SKIP_WAITING" }, { eddy: "5" }])
    expect(receive(data, source)).toBe(false);
  expect(waiting).toEqual([]);
});
