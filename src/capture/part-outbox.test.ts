import { describe, expect, test } from "vitest";
import { type OutboxItem, PartOutbox } from "./part-outbox.ts";

const part = (number: number, independent = false) => ({
  bytes: new Uint8Array([number]),
  durationMs: 100,
  independent,
  programDateTimeMs: number,
});

function outbox(limits: { credit?: number; maxWaiting?: number; maxWaitingBytes?: number } = {}) {
  const sent: OutboxItem[] = [];
  const lostMs: number[] = [];
  const box = new PartOutbox({ send: (item) => sent.push(item), onLost: (ms) => lostMs.push(ms), ...limits });
  const numbers = () => sent.map((item) => (item.type === "part" ? item.part.bytes[0] : "init"));
  return { box, sent, numbers, lostMs };
}

describe("PartOutbox", () => {
  test("sends as many parts as there is credit, and one more for each that was taken", () => {
    const { box, numbers } = outbox({ credit: 2 });
    for (let i = 0; i < 5; i++) box.part(part(i));
    expect(numbers()).toEqual([0, 1]);
    box.ack();
    expect(numbers()).toEqual([0, 1, 2]);
    expect(box.waiting).toBe(2);
  });

  test("an init segment keeps its place and takes no credit", () => {
    const { box, numbers } = outbox({ credit: 1 });
    box.part(part(0));
    box.part(part(1));
    box.init(new Uint8Array(1));
    box.part(part(2));
    box.ack();
    expect(numbers()).toEqual([0, 1, "init"]);
    box.ack();
    expect(numbers()).toEqual([0, 1, "init", 2]);
  });

  test("lets go of the oldest part and of what cannot be decoded without it, and tells the next part", () => {
    const { box, sent, numbers, lostMs } = outbox({ credit: 1, maxWaiting: 5 });
    for (let i = 0; i <= 6; i++) box.part(part(i, i % 3 === 0));
    expect(box.lost).toBe(2);
    expect(lostMs).toEqual([200]);
    for (let i = 0; i < 9; i++) box.ack();
    expect(numbers()).toEqual([0, 3, 4, 5, 6]);
    expect(sent.map((item) => (item.type === "part" ? item.part.missingMs : undefined))).toEqual([
      undefined,
      200,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("counts what was lost before what was lost", () => {
    const { box, sent } = outbox({ credit: 1, maxWaiting: 3 });
    for (let i = 0; i <= 8; i++) box.part(part(i, i % 2 === 0));
    for (let i = 0; i < 9; i++) box.ack();
    const missing = sent.reduce((sum, item) => sum + (item.type === "part" ? (item.part.missingMs ?? 0) : 0), 0);
    expect(missing).toBe(box.lost * 100);
    expect(sent).toHaveLength(9 - box.lost);
  });

  test("is bounded by bytes, too, and never loses an init segment", () => {
    const { box, numbers } = outbox({ credit: 1, maxWaitingBytes: 2 });
    box.part(part(0, true));
    box.init(new Uint8Array(1));
    for (let i = 1; i <= 3; i++) box.part(part(i));
    expect(box.waiting).toBe(0);
    box.ack();
    box.part(part(4, true));
    expect(numbers()).toEqual([0, "init", 4]);
  });

  test("ready() waits while parts wait, and release() lets go", async () => {
    const { box } = outbox({ credit: 1 });
    await box.ready();
    for (let i = 0; i < 5; i++) box.part(part(i));
    let readyNow = false;
    const waiting = box.ready().then(() => {
      readyNow = true;
    });
    await Promise.resolve();
    expect(readyNow).toBe(false);
    box.ack();
    await waiting;
    for (let i = 0; i < 5; i++) box.part(part(i));
    const released = box.ready();
    box.release();
    await released;
  });

  test("drained() resolves when the last part went", async () => {
    const { box } = outbox({ credit: 1 });
    await box.drained();
    box.part(part(0));
    box.part(part(1));
    const drained = box.drained();
    box.ack();
    await drained;
  });
});
