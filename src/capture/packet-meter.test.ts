import { afterEach, expect, test, vi } from "vitest";
import { PacketMeter } from "./packet-meter.ts";

const config: AudioDecoderConfig = { codec: "mp4a.40.2", sampleRate: 48_000, numberOfChannels: 2 };
const packet = { kind: "audio", bytes: new Uint8Array(4), timestampUs: 0, durationUs: 21_333, key: true } as const;
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A browser whose decoders give one sound of so many channels for each packet. */
function browser(numberOfChannels: number) {
  const decoders: { state: string }[] = [];
  vi.stubGlobal("EncodedAudioChunk", class {});
  vi.stubGlobal(
    "AudioDecoder",
    class {
      static isConfigSupported = async () => ({ supported: true });
      readonly #output: (data: unknown) => void;
      state = "unconfigured";
      decodeQueueSize = 0;

      constructor({ output }: { readonly output: (data: unknown) => void }) {
        this.#output = output;
        decoders.push(this);
      }
      configure() {
        this.state = "configured";
      }
      decode() {
        this.#output({
          numberOfFrames: 10,
          numberOfChannels,
          copyTo: (plane: Float32Array, { planeIndex }: { readonly planeIndex: number }) => {
            if (planeIndex >= numberOfChannels) throw new RangeError("no such plane");
            plane.fill(0.5);
          },
          close: () => undefined,
        });
      }
      close() {
        this.state = "closed";
      }
    },
  );
  return decoders;
}

afterEach(() => vi.unstubAllGlobals());

test("sound with fewer channels than its file says is measured on all of them", async () => {
  browser(1);
  const meter = new PacketMeter(config);
  await settled();
  meter.add(packet);
  expect(meter.readSecond().map(({ peakDb }) => Math.round(peakDb))).toEqual([-6, -6]);
});

test("one that is stopped while it is asked for a decoder leaves none behind", async () => {
  const decoders = browser(2);
  const meter = new PacketMeter(config);
  await meter.stop();
  await settled();
  expect(decoders.filter(({ state }) => state !== "closed")).toEqual([]);
});
