import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { probeAudioDecoder } from "./audio-encoder.ts";
import { probeVideoDecoder } from "./video-probe.ts";

/** Takes what it is given, and gives nothing; with `decoderConfig`, says how its first would be decoded. What it is asked to flush never is. */
class HangingEncoder {
  static made: HangingEncoder[] = [];
  static decoderConfig: object | undefined;
  readonly #init: VideoEncoderInit;
  state = "unconfigured";

  constructor(init: VideoEncoderInit) {
    this.#init = init;
    HangingEncoder.made.push(this);
  }
  configure() {
    this.state = "configured";
  }
  encode() {
    const { decoderConfig } = HangingEncoder;
    if (decoderConfig !== undefined) this.#init.output({} as never, { decoderConfig } as never);
  }
  flush() {
    return new Promise<void>(() => undefined);
  }
  close() {
    this.state = "closed";
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  HangingEncoder.made = [];
  HangingEncoder.decoderConfig = undefined;
  class Data {
    close() {}
  }
  for (const name of ["VideoEncoder", "AudioEncoder"]) vi.stubGlobal(name, HangingEncoder);
  for (const name of ["VideoFrame", "AudioData"]) vi.stubGlobal(name, Data);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const given: readonly [string, () => Promise<unknown>][] = [
  ["pictures", () => probeVideoDecoder({ codec: "avc1.42e01e", width: 64, height: 36 })],
  ["sound", () => probeAudioDecoder({ codec: "opus", sampleRate: 48_000, numberOfChannels: 2 })],
];

test.each(given)("an encoder of %s that hangs is given up, and closed", async (_, probe) => {
  const probing = probe();
  probing.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(probing).rejects.toMatchObject({ code: "encoder-failed" });
  expect(HangingEncoder.made.map(({ state }) => state)).toEqual(["closed"]);
});

test.each(given)("one of %s that answers, and hangs afterwards, is closed all the same", async (_, probe) => {
  HangingEncoder.decoderConfig = { codec: "any" };
  await expect(probe()).resolves.toEqual({ codec: "any" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(HangingEncoder.made.map(({ state }) => state)).toEqual(["closed"]);
});
