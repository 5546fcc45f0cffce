import {
  ADTS,
  BlobSource,
  EncodedPacketSink,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from "mediabunny";
import { RelayError } from "../model/errors.ts";
import { sourceLost } from "./file-packets.ts";
import { type AudioScan, type ScannedPacket, scanAudio, scanVideo, type VideoScan } from "./file-scan.ts";

/** A file's video track, as far as its index and first minute tell. */
export interface InspectedVideo {
  readonly track: InputVideoTrack;
  readonly packets: EncodedPacketSink;
  readonly codec: string;
  readonly config: VideoDecoderConfig | undefined;
  readonly decodable: boolean;
  readonly scan: VideoScan;
  readonly keyTimesUs: readonly number[];
  /** Where the track ends, by its index. */
  readonly endUs: number;
  readonly width: number;
  readonly height: number;
  readonly rotation: 0 | 90 | 180 | 270;
  readonly flipped: boolean;
}

export interface InspectedAudio {
  readonly track: InputAudioTrack;
  readonly packets: EncodedPacketSink;
  readonly codec: string;
  readonly config: AudioDecoderConfig | undefined;
  readonly decodable: boolean;
  readonly scan: AudioScan;
  readonly endUs: number;
}

export interface InspectedFile {
  readonly video?: InspectedVideo;
  readonly audio?: InspectedAudio;
  /** False once the file was moved, deleted or changed. */
  readable(): Promise<boolean>;
  /** Where the file's header says that its longest track ends; 0 where it does not say. */
  readonly promisedEndUs: number;
  close(): void;
}

/** No playlists (HLS): a file that was picked must not make the browser fetch others. */
const FORMATS = [MP4, QTFF, WEBM, MATROSKA, MP3, WAVE, OGG, ADTS, FLAC, MPEG_TS];
const MAX_CACHE_BYTES = 8 * 1024 * 1024;
const SCAN_US = 60_000_000;
const SCAN_PACKETS = 10_000;
const SCAN_KEYS = 20_000;
/** Looking through a container without an index means reading it: beyond this the first minute has to do. */
const LOOK_UP_MS = 1_500;
const ENDS_BYTES = 512 * 1024;
const MAX_TRACKS_LOOKED_AT = 8;

/**
 * Opens a media file and looks at its index and first minute.
 * @throws RelayError `unsupported-media`, `source-lost`, or the reason of `signal`
 */
export async function inspectFile(
  file: Blob,
  options: { readonly audio: boolean; readonly signal?: AbortSignal },
): Promise<InspectedFile> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (file.size === 0) throw unsupported("The file is empty.");
  // Reads ahead that nobody waits for fail again where somebody does.
  const input = new Input({
    source: new BlobSource(file, { maxCacheSize: MAX_CACHE_BYTES, handleUnhandledError: () => undefined }),
    formats: FORMATS,
  });
  const close = (): void => input.dispose();
  signal?.addEventListener("abort", close, { once: true });
  try {
    const tracks = await readTracks(input);
    const video = await firstOf(
      tracks.filter((track) => track.isVideoTrack()),
      inspectVideo,
    );
    const audio = options.audio
      ? await firstOf(
          tracks.filter((track) => track.isAudioTrack()),
          inspectAudio,
        )
      : undefined;
    if (video === undefined && audio === undefined) {
      throw unsupported("The file has neither pictures nor sound that last: its tracks are empty or of zero duration.");
    }
    const promisedS = await input.getDurationFromMetadata(tracks);
    return {
      ...(video && { video }),
      ...(audio && { audio }),
      promisedEndUs: Math.round((promisedS ?? 0) * 1e6),
      readable: () => isReadable(file),
      close,
    };
  } catch (thrown) {
    close();
    signal?.throwIfAborted();
    if (thrown instanceof RelayError) throw thrown;
    if (!(await isReadable(file))) throw sourceLost(thrown);
    if (await looksEncrypted(file)) throw encrypted();
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw unsupported(`The file is damaged and cannot be read (${reason}).`, thrown);
  } finally {
    signal?.removeEventListener("abort", close);
  }
}

/** Browsers name the failure of a read differently by the way it was read; a lost file fails at any byte. */
async function isReadable(file: Blob): Promise<boolean> {
  return file
    .slice(file.size - 1)
    .arrayBuffer()
    .then(
      ({ byteLength }) => byteLength === 1,
      () => false,
    );
}

export function unsupported(message: string, cause?: unknown): RelayError {
  return new RelayError("unsupported-media", message, cause === undefined ? undefined : { cause });
}

function encrypted(): RelayError {
  return unsupported("The file is encrypted (copy protection), so it cannot be published.");
}

/** The demuxer gives up on some encrypted files; their sample entries, `encv` and `enca`, stand near one end of the file. */
async function looksEncrypted(file: Blob): Promise<boolean> {
  const ends = [file.slice(0, ENDS_BYTES), file.slice(Math.max(0, file.size - ENDS_BYTES))];
  const texts = await Promise.all(
    ends.map((end) => end.arrayBuffer().then((bytes) => new TextDecoder("latin1").decode(bytes))),
  );
  return texts.some((text) => text.includes("moov") && /enc[va]/.test(text));
}

async function readTracks(input: Input): Promise<InputTrack[]> {
  if (!(await input.canRead())) {
    throw unsupported(
      "This is no video or audio file that a browser can read: expected MP4, MOV, WebM, MKV, MP3, WAV, Ogg, AAC, FLAC or MPEG-TS.",
    );
  }
  const tracks = (await input.getTracks()).slice(0, MAX_TRACKS_LOOKED_AT);
  if (tracks.length === 0) {
    const format = await input.getFormat();
    throw unsupported(
      format === MP4 || format === QTFF
        ? "The file has no index of its media (moov): it was cut off before it was complete, as by a download or a recording that broke."
        : "The file has no video or audio track.",
    );
  }
  for (const track of tracks) {
    const sampleEntry = await track.getInternalCodecId();
    if (sampleEntry === "encv" || sampleEntry === "enca") throw encrypted();
  }
  return tracks;
}

/** The first track that has something to play; a still cover picture is none. */
async function firstOf<Track, Inspected>(
  tracks: readonly Track[],
  inspect: (track: Track) => Promise<Inspected | undefined>,
): Promise<Inspected | undefined> {
  for (const track of tracks) {
    const inspected = await inspect(track);
    if (inspected !== undefined) return inspected;
  }
  return undefined;
}

async function inspectVideo(track: InputVideoTrack): Promise<InspectedVideo | undefined> {
  const packets = new EncodedPacketSink(track);
  const scanned = await scanPackets(packets, track);
  const scan = scanVideo(scanned.packets);
  if (scan === undefined) return undefined;
  const rest = scanned.whole ? { keyTimesUs: scan.keyTimesUs, endUs: scan.endUs } : await lookUpRest(packets, scan);
  return {
    track,
    packets,
    ...(await codecOf(track)),
    scan,
    ...rest,
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    rotation: await track.getRotation(),
    flipped: await track.getFlip(),
  };
}

async function inspectAudio(track: InputAudioTrack): Promise<InspectedAudio | undefined> {
  const packets = new EncodedPacketSink(track);
  const scanned = await scanPackets(packets, track);
  const scan = scanAudio(scanned.packets);
  if (scan === undefined || scan.endUs <= scan.firstUs) return undefined;
  const endUs = scanned.whole ? scan.endUs : await withinLookUp(lastPacketEnd(packets), scan.endUs);
  return { track, packets, ...(await codecOf(track)), scan, endUs };
}

async function codecOf<Config>(track: {
  getCodec(): Promise<string | null>;
  getInternalCodecId(): Promise<string | number | Uint8Array | null>;
  getDecoderConfig(): Promise<Config | null>;
  canDecode(): Promise<boolean>;
}): Promise<{ codec: string; config: Config | undefined; decodable: boolean }> {
  const codec = await track.getCodec();
  if (codec === null) {
    const id = await track.getInternalCodecId();
    return { codec: typeof id === "string" ? id : "an unknown codec", config: undefined, decodable: false };
  }
  const config = (await track.getDecoderConfig()) ?? undefined;
  return { codec, config, decodable: await track.canDecode() };
}

/** Times of the first minute's packets, without their bytes. */
async function scanPackets(
  sink: EncodedPacketSink,
  track: InputTrack,
): Promise<{ packets: ScannedPacket[]; whole: boolean }> {
  const packets: ScannedPacket[] = [];
  const first = track.isVideoTrack()
    ? await sink.getFirstKeyPacket({ metadataOnly: true })
    : await sink.getFirstPacket({ metadataOnly: true });
  for (let packet = first; packet !== null; packet = await sink.getNextPacket(packet, { metadataOnly: true })) {
    const timestampUs = Math.round(packet.timestamp * 1e6);
    packets.push({
      timestampUs,
      durationUs: Math.round(packet.duration * 1e6),
      key: packet.type === "key",
      sizeBytes: packet.byteLength,
    });
    if (packets.length >= SCAN_PACKETS || timestampUs - (packets[0]?.timestampUs ?? 0) > SCAN_US) {
      // Frames that are shown before the last one may be cut off with it: end at a key frame, so that no hole is seen.
      const lastKey = packets.findLastIndex((scanned) => scanned.key);
      return { packets: lastKey > 1 ? packets.slice(0, lastKey) : packets, whole: false };
    }
  }
  return { packets, whole: true };
}

/** Key frames and end of a track that is longer than the scan, as far as they are found soon. */
async function lookUpRest(sink: EncodedPacketSink, scan: VideoScan): Promise<{ keyTimesUs: number[]; endUs: number }> {
  const keyTimesUs: number[] = [];
  const deadlineMs = performance.now() + LOOK_UP_MS;
  let packet = await sink.getFirstKeyPacket({ metadataOnly: true });
  while (packet !== null && keyTimesUs.length < SCAN_KEYS && performance.now() < deadlineMs) {
    keyTimesUs.push(Math.round(packet.timestamp * 1e6));
    packet = await sink.getNextKeyPacket(packet, { metadataOnly: true });
  }
  const knownUs = Math.max(scan.endUs, keyTimesUs.at(-1) ?? 0);
  // With keys unseen, the time from the last one seen to the end says nothing about their distance.
  const endUs = packet === null ? await withinLookUp(lastPacketEnd(sink), knownUs) : knownUs;
  return { keyTimesUs, endUs };
}

async function lastPacketEnd(sink: EncodedPacketSink): Promise<number | undefined> {
  const last = await sink.getPacket(Number.POSITIVE_INFINITY, { metadataOnly: true });
  return last === null ? undefined : Math.round((last.timestamp + last.duration) * 1e6);
}

async function withinLookUp(search: Promise<number | undefined>, otherwise: number): Promise<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LOOK_UP_MS);
  });
  const found = await Promise.race([search, late]).finally(() => clearTimeout(timer));
  return Math.max(found ?? otherwise, otherwise);
}
