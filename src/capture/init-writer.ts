import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import { writeInit as writeInitSegment } from "../media/init-writer.ts";
import type { Bytes } from "../model/bytes.ts";
import type { TrackDescription } from "./source.ts";

export interface WrittenInit {
  /** ftyp and moov. */
  readonly bytes: Bytes;
  /** The same, as a part is read and written by it. */
  readonly segment: InitSegment;
}

/**
 * Writes the init segment of the tracks, in the order given.
 * @throws RelayError `unsupported-media` for a codec that fragmented MP4 or this library does not carry
 */
export async function writeInit(tracks: readonly TrackDescription[]): Promise<WrittenInit> {
  const bytes = writeInitSegment(
    tracks.map(({ kind, codec, decoderConfig, width, height, rotation, sampleRate, channels }) => ({
      kind,
      codec,
      width,
      height,
      rotation,
      sampleRate,
      channels,
      description: bytesOf(decoderConfig.description),
      ...(kind === "video" && pictureOf(decoderConfig as VideoDecoderConfig)),
    })),
  );
  return { bytes, segment: parseInitSegment(bytes) };
}

function pictureOf({
  colorSpace,
  codedWidth,
  codedHeight,
  displayAspectWidth,
  displayAspectHeight,
}: VideoDecoderConfig) {
  return {
    colorSpace,
    width: codedWidth,
    height: codedHeight,
    displayAspectWidth,
    displayAspectHeight,
  };
}

function bytesOf(source: AllowSharedBufferSource | undefined): Bytes | undefined {
  if (source === undefined) return undefined;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}
