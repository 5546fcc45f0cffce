import type { Bytes } from "../model/bytes.ts";

/** A packet of silence and what it lasts. */
export interface SilentPacket {
  readonly bytes: Bytes;
  readonly durationUs: number;
}

/** raw_data_block() with no spectral data, by channel configuration (ISO/IEC 14496-3, 4.4.2.1); the rate does not matter. */
const SILENT_AAC: ReadonlyMap<number, readonly number[]> = new Map([
  [1, [0x01, 0x18, 0x20, 0x07]],
  [2, [0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]],
  [3, [0x01, 0x18, 0x20, 0x01, 0x08, 0x80, 0x23, 0x04, 0x60, 0xe0]],
  [4, [0x01, 0x18, 0x20, 0x01, 0x08, 0x80, 0x23, 0x04, 0x60, 0x03, 0x18, 0x20, 0x07]],
  [5, [0x01, 0x18, 0x20, 0x01, 0x08, 0x80, 0x23, 0x04, 0x60, 0x23, 0x10, 0x04, 0x60, 0x8c, 0x1c]],
  [
    6,
    [0x01, 0x18, 0x20, 0x01, 0x08, 0x80, 0x23, 0x04, 0x60, 0x23, 0x10, 0x04, 0x60, 0x8c, 0x0c, 0x23, 0x00, 0x00, 0xe0],
  ],
]);

const AAC_LC = 2;
const ESCAPED_RATE = 15;

/**
 * Silence for a codec; `undefined` for one that has no packet of silence that fits anywhere.
 * `packetUs` is what the track's packets were seen to last.
 */
export function silentPacket(codec: string, config: AudioDecoderConfig, packetUs: number): SilentPacket | undefined {
  const description = config.description === undefined ? undefined : asBytes(config.description);
  if (codec === "opus") return silentOpus(config.numberOfChannels, description);
  if (codec === "aac" && description !== undefined) return silentAac(description, packetUs);
  return undefined;
}

/** What an Opus packet lasts, by its TOC byte (RFC 6716, 3.1); `undefined` when it is damaged. */
export function opusPacketUs(bytes: Uint8Array): number | undefined {
  const toc = bytes[0];
  if (toc === undefined) return undefined;
  const config = toc >> 3;
  // SILK: 10, 20, 40, 60 ms; hybrid: 10, 20; CELT: 2.5, 5, 10, 20.
  const frameUs =
    config < 12
      ? [10_000, 20_000, 40_000, 60_000][config & 3]
      : config < 16
        ? [10_000, 20_000][config & 1]
        : 2_500 << (config & 3);
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (bytes[1] ?? 0) & 0x3f;
  const packetUs = (frameUs ?? 0) * frames;
  return packetUs > 0 && packetUs <= 120_000 ? packetUs : undefined;
}

function silentOpus(channels: number, head: Uint8Array | undefined): SilentPacket | undefined {
  // Channel mapping family 0 alone is one stream of one or two channels (RFC 7845, 5.1.1).
  if (channels > 2 || (head?.[18] ?? 0) !== 0) return undefined;
  return { bytes: new Uint8Array([channels === 1 ? 0xf8 : 0xfc, 0xff, 0xfe]), durationUs: 20_000 };
}

function silentAac(config: Uint8Array, packetUs: number): SilentPacket | undefined {
  // AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): 5 bits of object type, 4 of rate, 4 of channel configuration.
  const [first = 0, second = 0] = config;
  const objectType = first >> 3;
  const rateIndex = ((first & 7) << 1) | (second >> 7);
  if (objectType !== AAC_LC || rateIndex === ESCAPED_RATE) return undefined;
  const bytes = SILENT_AAC.get((second >> 3) & 15);
  return bytes === undefined ? undefined : { bytes: new Uint8Array(bytes), durationUs: packetUs };
}

function asBytes(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
