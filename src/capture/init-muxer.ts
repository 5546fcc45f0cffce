import {
  type AudioCodec,
  EncodedAudioPacketSource,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  NullTarget,
  Output,
  type VideoCodec,
} from "mediabunny";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { TrackDescription } from "./source.ts";

/** Codec strings by how they begin, and what the muxer calls the codec. */
const VIDEO_CODECS: readonly (readonly [RegExp, VideoCodec])[] = [
  [/^avc[13]\./, "avc"],
  [/^(hvc1|hev1)\./, "hevc"],
  [/^(vp9$|vp09\.)/, "vp9"],
  [/^av01\./, "av1"],
];
const AUDIO_CODECS: readonly (readonly [RegExp, AudioCodec])[] = [
  [/^mp4a\.(40|67)/, "aac"],
  [/^opus$/i, "opus"],
  [/^flac$/i, "flac"],
  [/^(mp3|mp4a\.6[9bB])$/, "mp3"],
  [/^ac-3$/, "ac3"],
  [/^ec-3$/, "eac3"],
];

/**
 * Writes the init segment of the tracks with mediabunny's muxer, which knows every codec that a file may have.
 * @throws RelayError `unsupported-media` for a codec that fragmented MP4 or this library does not carry
 */
export async function muxInit(tracks: readonly TrackDescription[]): Promise<Bytes> {
  let ftyp: Uint8Array | undefined;
  let moov: Uint8Array | undefined;
  const format = new Mp4OutputFormat({
    fastStart: "fragmented",
    onFtyp: (data) => {
      ftyp = data.slice();
    },
    onMoov: (data) => {
      moov = data.slice();
    },
  });
  const output = new Output({ format, target: new NullTarget() });
  try {
    for (const track of tracks) addTrack(output, track);
    await output.start();
    await output.finalize();
  } catch (thrown) {
    if (thrown instanceof RelayError) throw thrown;
    const codecs = tracks.map((track) => track.codec).join(", ");
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new RelayError("unsupported-media", `expected tracks that MP4 carries, got ${codecs}: ${reason}`, {
      cause: thrown,
    });
  }
  if (ftyp === undefined || moov === undefined)
    throw new RelayError("internal", "expected ftyp and moov from the muxer, got neither");
  const bytes = new Uint8Array(ftyp.byteLength + moov.byteLength);
  bytes.set(ftyp);
  bytes.set(moov, ftyp.byteLength);
  return bytes;
}

function addTrack(output: Output<Mp4OutputFormat, NullTarget>, track: TrackDescription): void {
  // The description says how the track is decoded, so no packet is needed before the first part.
  if (track.kind === "video") {
    output.addVideoTrack(new EncodedVideoPacketSource(find(VIDEO_CODECS, track.codec)), {
      rotation: track.rotation ?? 0,
      decoderConfig: track.decoderConfig as VideoDecoderConfig,
    });
  } else {
    output.addAudioTrack(new EncodedAudioPacketSource(find(AUDIO_CODECS, track.codec)), {
      decoderConfig: track.decoderConfig as AudioDecoderConfig,
    });
  }
}

function find<Codec>(codecs: readonly (readonly [RegExp, Codec])[], codec: string): Codec {
  const found = codecs.find(([pattern]) => pattern.test(codec));
  if (found !== undefined) return found[1];
  throw new RelayError(
    "unsupported-media",
    `expected H.264, HEVC, VP9, AV1, AAC, Opus, FLAC, MP3 or Dolby Digital, got ${codec}`,
  );
}
