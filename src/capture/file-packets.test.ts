import { EncodedPacket } from "mediabunny";
import { expect, test } from "vitest";
import { PacketReader, type PacketReaderOptions } from "./file-packets.ts";

const FRAME_S = 0.04;

/** A track of a file of which some places cannot be read. */
function track(
  count: number,
  {
    fails = () => undefined,
    sizeBytes = 10,
  }: { fails?: (index: number) => Error | undefined; sizeBytes?: number } = {},
) {
  let reads = 0;
  const at = async (index: number): Promise<EncodedPacket | null> => {
    reads++;
    const error = fails(index);
    if (error !== undefined) throw error;
    if (index < 0 || index >= count) return null;
    return new EncodedPacket(
      new Uint8Array(sizeBytes),
      index % 25 === 0 ? "key" : "delta",
      index * FRAME_S,
      FRAME_S,
      index,
    );
  };
  const sink: PacketReaderOptions["sink"] = {
    getFirstKeyPacket: () => at(0),
    getKeyPacket: (timeS) => at(Math.min(Math.floor((count - 1) / 25), Math.floor(timeS / FRAME_S / 25)) * 25),
    getNextPacket: (packet) => at(packet.sequenceNumber + 1),
  };
  return { sink, reads: () => reads };
}

async function readAll(reader: PacketReader): Promise<number[]> {
  const times: number[] = [];
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next())
    times.push(packet.timestampUs);
  return times;
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test("gives every packet once, in order, and again after a restart", async () => {
  const reader = new PacketReader({ sink: track(300).sink, readable: async () => true, onDamage: () => undefined });
  const times = await readAll(reader);
  expect(times).toEqual(Array.from({ length: 300 }, (_, n) => n * 40_000));
  reader.restart();
  expect(await readAll(reader)).toEqual(times);
});

test("reads ahead by a number of packets and of bytes, and no more", async () => {
  const small = track(10_000);
  new PacketReader({ sink: small.sink, readable: async () => true, onDamage: () => undefined });
  const large = track(10_000, { sizeBytes: 1_000_000 });
  new PacketReader({ sink: large.sink, readable: async () => true, onDamage: () => undefined });
  await settle();
  expect(small.reads()).toBeLessThanOrEqual(97);
  expect(large.reads()).toBeLessThanOrEqual(6);
});

test("begins at the key frame before where it is told to", async () => {
  const reader = new PacketReader({
    sink: track(100).sink,
    fromUs: 1.5e6,
    readable: async () => true,
    onDamage: () => undefined,
  });
  expect((await reader.next())?.timestampUs).toBe(1e6);
});

test("goes on at a key frame behind a damaged place, and tells of it", async () => {
  const damagedUs: number[] = [];
  const fails = (index: number) => (index >= 40 && index < 60 ? new Error("Assertion failed.") : undefined);
  const times = await readAll(
    new PacketReader({
      sink: track(100, { fails }).sink,
      readable: async () => true,
      onDamage: (atUs) => damagedUs.push(atUs),
    }),
  );
  expect(damagedUs).toEqual([39 * 40_000]);
  expect(times).toContain(39 * 40_000);
  expect(times.find((timeUs) => timeUs > 39 * 40_000)).toBe(75 * 40_000);
});

test("a file that is damaged to its end gives what is there", async () => {
  const fails = (index: number) => (index >= 40 ? new Error("Assertion failed.") : undefined);
  expect(
    await readAll(
      new PacketReader({ sink: track(100, { fails }).sink, readable: async () => true, onDamage: () => undefined }),
    ),
  ).toHaveLength(40);
});

test("a file that became unreadable gives what was read, and then says source-lost", async () => {
  const fails = (index: number) => (index >= 40 ? new TypeError("network error") : undefined);
  const reader = new PacketReader({
    sink: track(100, { fails }).sink,
    readable: async () => false,
    onDamage: () => undefined,
  });
  for (let i = 0; i < 40; i++) expect(await reader.next()).toBeDefined();
  await expect(reader.next()).rejects.toMatchObject({
    code: "source-lost",
    message: expect.stringContaining("no longer be read"),
  });
});

test("closing ends who waits", async () => {
  const never = { ...track(1).sink, getFirstKeyPacket: () => new Promise<null>(() => undefined) };
  const reader = new PacketReader({ sink: never, readable: async () => true, onDamage: () => undefined });
  const next = reader.next();
  reader.close();
  expect(await next).toBeUndefined();
});
