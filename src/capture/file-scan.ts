/** What the index of a file says of one packet, in decode order. */
export interface ScannedPacket {
  readonly timestampUs: number;
  /** 0 where the container does not say. */
  readonly durationUs: number;
  readonly key: boolean;
  readonly sizeBytes: number;
}

/** What the first minute of a video track is like. */
export interface VideoScan {
  readonly packetCount: number;
  /** Smallest and largest presentation time, and the end of the last frame. */
  readonly firstUs: number;
  readonly lastUs: number;
  readonly endUs: number;
  /** Frames per second, on average. */
  readonly frameRate: number;
  /** Every frame lasts as long as the next, but for the rounding of the container's clock. */
  readonly constant: boolean;
  readonly longestFrameUs: number;
  readonly medianFrameUs: number;
  /** Presentation times of the key frames, rising. */
  readonly keyTimesUs: readonly number[];
  /** How many packets after one, in decode order, may be shown before it: 0 without B-frames. */
  readonly reorderDepth: number;
  /** Frames after a key frame in decode order are shown before it: they need what was before the key frame. */
  readonly openGop: boolean;
  /** Presentation times rise from frame to frame; false where two frames share one. */
  readonly orderly: boolean;
  /** Bits per second of the busiest second. */
  readonly bitrate: number;
}

/** What the first minute of an audio track is like. */
export interface AudioScan {
  readonly packetCount: number;
  readonly firstUs: number;
  readonly endUs: number;
  /** What most packets last. */
  readonly packetUs: number;
  readonly bitrate: number;
}

/** Matroska counts whole milliseconds, so neighbours may differ by two roundings. */
const CLOCK_ROUNDING_US = 1_050;

/** Statistics of a video track's packets. `undefined` when there are fewer than two frames to compare. */
export function scanVideo(packets: readonly ScannedPacket[]): VideoScan | undefined {
  const shown = packets.map((packet) => packet.timestampUs).sort((a, b) => a - b);
  const firstUs = shown[0];
  const lastUs = shown.at(-1);
  if (firstUs === undefined || lastUs === undefined || shown.length < 2 || lastUs <= firstUs) return undefined;
  const framesUs = shown.slice(1).map((timeUs, index) => timeUs - (shown[index] ?? timeUs));
  const depth = reorderDepth(packets);
  // A copy that ends in the middle of a group of pictures lacks some that are shown before its last one: no sign of a variable rate.
  const steadyUs = framesUs.length > 4 * (depth + 1) ? framesUs.slice(0, framesUs.length - depth) : framesUs;
  const meanUs = steadyUs.reduce((sum, frameUs) => sum + frameUs, 0) / steadyUs.length;
  const medianFrameUs = median(framesUs);
  return {
    packetCount: packets.length,
    firstUs,
    lastUs,
    endUs: lastUs + lastFrameUs(packets, lastUs, medianFrameUs),
    frameRate: 1e6 / meanUs,
    constant: steadyUs.every((frameUs) => Math.abs(frameUs - meanUs) <= CLOCK_ROUNDING_US),
    longestFrameUs: steadyUs.reduce((a, b) => Math.max(a, b), 0),
    medianFrameUs,
    keyTimesUs: packets
      .filter((packet) => packet.key)
      .map((packet) => packet.timestampUs)
      .sort((a, b) => a - b),
    reorderDepth: depth,
    openGop: hasLeadingFrames(packets),
    orderly: framesUs.every((frameUs) => frameUs > 0),
    bitrate: peakBitrate(packets),
  };
}

/** Statistics of an audio track's packets; `undefined` when there are none. */
export function scanAudio(packets: readonly ScannedPacket[]): AudioScan | undefined {
  const first = packets[0];
  const last = packets.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const stepsUs = packets.slice(1).map((packet, index) => packet.timestampUs - (packets[index]?.timestampUs ?? 0));
  const packetUs = stepsUs.length > 0 ? median(stepsUs) : last.durationUs;
  return {
    packetCount: packets.length,
    firstUs: first.timestampUs,
    endUs: last.timestampUs + (last.durationUs > 0 ? last.durationUs : packetUs),
    packetUs,
    bitrate: peakBitrate(packets),
  };
}

/**
 * The key frames a segment opens at: the first of each round, then each that comes at least `minSpacingUs` after the last chosen
 * one. A key frame closes the part before it, and only the last part of a segment may be short (rule 15): key frames nearer
 * than that are carried as ordinary frames.
 */
export class SegmentKeys {
  readonly #minSpacingUs: number;
  #lastUs = Number.NEGATIVE_INFINITY;

  constructor(minSpacingUs: number) {
    this.#minSpacingUs = minSpacingUs;
  }

  /** Whether a key frame shown at `timestampUs` opens a segment. At a seam it always does, lest the segment before it grows too long. */
  opens(timestampUs: number, seam = false): boolean {
    // Half a millisecond lets 60 frames of a rounded clock pass for two seconds.
    if (!seam && timestampUs - this.#lastUs < this.#minSpacingUs - 500) return false;
    this.#lastUs = timestampUs;
    return true;
  }
}

/** The longest segment that `SegmentKeys` makes of these key frames, the last of which lasts until `endUs`. */
export function longestSegmentUs(keyTimesUs: readonly number[], endUs: number, minSpacingUs: number): number {
  const keys = new SegmentKeys(minSpacingUs);
  const opened = keyTimesUs.filter((timeUs) => keys.opens(timeUs));
  return opened.reduce((longestUs, timeUs, index) => Math.max(longestUs, (opened[index + 1] ?? endUs) - timeUs), 0);
}

function lastFrameUs(packets: readonly ScannedPacket[], lastUs: number, medianFrameUs: number): number {
  const durationUs = packets.find((packet) => packet.timestampUs === lastUs)?.durationUs ?? 0;
  // Containers that end in a wrong duration (zero, or up to the end of the audio) are common: the median is believed then.
  return durationUs > 0 && durationUs < 2 * medianFrameUs ? durationUs : medianFrameUs;
}

/** H.264, A.3.1 and others allow 16 frames in the picture buffer. */
const MAX_REORDER = 16;

function reorderDepth(packets: readonly ScannedPacket[]): number {
  let depth = 0;
  for (const [index, packet] of packets.entries()) {
    for (let ahead = MAX_REORDER; ahead > depth; ahead--) {
      const later = packets[index + ahead];
      if (later !== undefined && later.timestampUs < packet.timestampUs) depth = ahead;
    }
  }
  return depth;
}

function hasLeadingFrames(packets: readonly ScannedPacket[]): boolean {
  let keyUs = Number.NEGATIVE_INFINITY;
  for (const packet of packets) {
    if (packet.key) keyUs = packet.timestampUs;
    else if (packet.timestampUs < keyUs) return true;
  }
  return false;
}

function peakBitrate(packets: readonly ScannedPacket[]): number {
  const seconds = new Map<number, number>();
  for (const packet of packets) {
    const second = Math.floor(packet.timestampUs / 1e6);
    seconds.set(second, (seconds.get(second) ?? 0) + packet.sizeBytes);
  }
  return Math.max(1, ...seconds.values()) * 8;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
