import { expect, test } from "vitest";
import { type MendedAudioData, mendAudioData } from "./webkit-gtk.ts";

const GTK = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15";
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const SAFARI =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15";

/** Half of full scale in one frame of each channel, and what it was asked for. */
function audioClass() {
  const asked: (AudioSampleFormat | undefined)[] = [];
  class Sound {
    readonly format: AudioSampleFormat;
    readonly numberOfChannels: number;
    constructor(format: AudioSampleFormat, numberOfChannels: number) {
      this.format = format;
      this.numberOfChannels = numberOfChannels;
    }
    allocationSize({ format = this.format }: AudioDataCopyToOptions): number {
      return 4 * (format.endsWith("-planar") ? 1 : this.numberOfChannels);
    }
    copyTo(destination: AllowSharedBufferSource, { format = this.format }: AudioDataCopyToOptions): void {
      asked.push(format);
      const half = format.startsWith("s32") ? 2 ** 30 : 0.5;
      (destination as Int32Array | Float32Array).fill(half);
    }
  }
  return { Sound: Sound as unknown as { new (format: AudioSampleFormat, channels: number): MendedAudioData }, asked };
}

test.each([
  { format: "f32-planar", channels: 2, wanted: "f32-planar", by: "s32-planar" },
  { format: "f32", channels: 2, wanted: "f32", by: "s32" },
  { format: "f32", channels: 1, wanted: "f32-planar", by: "s32-planar" },
  { format: "f32-planar", channels: 2, wanted: undefined, by: "s32-planar" },
] as const)("in WebKitGTK $format in $channels channels comes as $wanted by way of $by", (row) => {
  const { Sound, asked } = audioClass();
  mendAudioData(Sound, GTK);
  const size = row.by === "s32" ? row.channels : 1;
  // Not at the start of its buffer: what stands before it stays.
  const floats = new Float32Array(size + 1);
  const options = row.wanted === undefined ? { planeIndex: 0 } : { planeIndex: 0, format: row.wanted };
  new Sound(row.format, row.channels).copyTo(floats.subarray(1), options);
  expect(asked).toEqual([row.by]);
  expect([...floats]).toEqual([0, ...Array(size).fill(0.5)]);
});

test("in WebKitGTK what is converted anyway is asked for as it is wanted", () => {
  const { Sound, asked } = audioClass();
  mendAudioData(Sound, GTK);
  new Sound("f32", 2).copyTo(new Float32Array(1), { planeIndex: 0, format: "f32-planar" });
  new Sound("s16", 1).copyTo(new Float32Array(1), { planeIndex: 0, format: "f32-planar" });
  expect(asked).toEqual(["f32-planar", "f32-planar"]);
});

test.each([CHROME, SAFARI])("elsewhere nothing is changed: %s", (userAgent) => {
  const { Sound } = audioClass();
  const { copyTo } = Sound.prototype;
  mendAudioData(Sound, userAgent);
  expect(Sound.prototype.copyTo).toBe(copyTo);
});
