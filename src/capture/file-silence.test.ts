import fc from "fast-check";
import { expect, test } from "vitest";
import { opusPacketUs, silentPacket } from "./file-silence.ts";

const aac = (description: readonly number[], numberOfChannels = 2): AudioDecoderConfig => ({
  codec: "mp4a.40.2",
  sampleRate: 48_000,
  numberOfChannels,
  description: new Uint8Array(description),
});

test("AAC-LC has silence for one to six channels, by the channel configuration of its description", () => {
  for (let channels = 1; channels <= 6; channels++) {
    expect(silentPacket("aac", aac([0x11, 0x80 | (channels << 3)]), 21_333)?.durationUs).toBe(21_333);
  }
  expect(silentPacket("aac", aac([0x11, 0x90]), 21_333)?.bytes).toEqual(
    new Uint8Array([0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]),
  );
});

test("no silence is claimed for what it was not made for", () => {
  expect(silentPacket("aac", aac([0x11, 0x80]), 21_333)).toBeUndefined(); // channels told inside the packets
  expect(silentPacket("aac", aac([0x11, 0xb8]), 21_333)).toBeUndefined(); // 7.1
  expect(silentPacket("aac", aac([0x2b, 0x11]), 42_667)).toBeUndefined(); // HE-AAC
  expect(silentPacket("aac", { codec: "mp4a.40.2", sampleRate: 48_000, numberOfChannels: 2 }, 21_333)).toBeUndefined();
  expect(silentPacket("flac", aac([0x11, 0x90]), 21_333)).toBeUndefined();
  expect(silentPacket("opus", { codec: "opus", sampleRate: 48_000, numberOfChannels: 6 }, 20_000)).toBeUndefined();
});

test("silence in Opus lasts 20 ms, in as many channels as there are", () => {
  for (const numberOfChannels of [1, 2]) {
    const silent = silentPacket("opus", { codec: "opus", sampleRate: 48_000, numberOfChannels }, 60_000);
    expect(silent?.durationUs).toBe(20_000);
    expect(opusPacketUs(silent?.bytes ?? new Uint8Array())).toBe(20_000);
  }
});

test("the TOC byte tells what an Opus packet lasts", () => {
  const lasts = (...bytes: number[]) => opusPacketUs(new Uint8Array(bytes));
  expect(lasts(0 << 3)).toBe(10_000);
  expect(lasts(3 << 3)).toBe(60_000);
  expect(lasts(13 << 3)).toBe(20_000);
  expect(lasts(16 << 3)).toBe(2_500);
  expect(lasts((31 << 3) | 1)).toBe(40_000);
  expect(lasts((31 << 3) | 3, 6)).toBe(120_000);
  expect(lasts((31 << 3) | 3, 7)).toBeUndefined();
  expect(lasts()).toBeUndefined();
});

test("any bytes give a length Opus allows, or none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
      const packetUs = opusPacketUs(bytes);
      if (packetUs !== undefined) expect(packetUs >= 2_500 && packetUs <= 120_000).toBe(true);
    }),
  );
});
