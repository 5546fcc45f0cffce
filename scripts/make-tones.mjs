// Writes src/testing/media/tones.ts: a frame of AAC and one of Opus which, repeated for ever, are a steady tone of 750 Hz. It is periodic in both
// (16 periods in 1024 samples, 15 in 960), so that every frame of it is the same to the encoder. Wants ffmpeg; run it when the tone is to change.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const SECONDS = 4;

/**
 * What ffmpeg makes of the tone.
 * @param {readonly string[]} args
 */
function encode(args) {
  const tone = `sine=frequency=750:sample_rate=48000:duration=${SECONDS},volume=0.7`;
  const input = ["-v", "error", "-f", "lavfi", "-i", tone, "-ac", "1"];
  return execFileSync("ffmpeg", [...input, ...args, "-b:a", "32k", "-bitexact", "-flags", "+bitexact", "pipe:1"]);
}

/**
 * The frames of an ADTS stream, without their headers.
 * @param {Buffer} adts
 */
function aacFrames(adts) {
  const frames = [];
  for (let at = 0; at < adts.length; ) {
    const size = (adts.readUInt32BE(at + 3) >> 13) & 0x1fff;
    frames.push(adts.subarray(at + 7, at + size));
    at += size;
  }
  return frames;
}

/**
 * The packets of an Ogg stream, without its two headers. None is as long as a lacing value.
 * @param {Buffer} ogg
 */
function opusPackets(ogg) {
  const packets = [];
  for (let at = 0; at < ogg.length; ) {
    const segments = ogg.readUInt8(at + 26);
    let from = at + 27 + segments;
    for (const size of ogg.subarray(at + 27, at + 27 + segments)) {
      packets.push(ogg.subarray(from, from + size));
      from += size;
    }
    at = from;
  }
  return packets.slice(2);
}

/**
 * The one that comes most often once the encoder has settled.
 * @param {readonly Buffer[]} frames
 */
function steady(frames) {
  const counts = new Map();
  for (const frame of frames.slice(frames.length / 2)) {
    const key = frame.toString("base64");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0] ?? "";
}

const aac = steady(aacFrames(encode(["-c:a", "aac", "-f", "adts"])));
const opus = steady(
  opusPackets(
    encode(["-c:a", "libopus", "-application", "lowdelay", "-frame_duration", "20", "-vbr", "off", "-f", "ogg"]),
  ),
);
writeFileSync(
  new URL("../src/testing/media/tones.ts", import.meta.url),
  `// Written by scripts/make-tones.mjs.

/** 1024 samples at 48 kHz, AAC-LC, one channel. */
export const AAC_TONE =
  "${aac}";

/** 960 samples at 48 kHz, CELT, one channel. */
export const OPUS_TONE =
  "${opus}";
`,
);
