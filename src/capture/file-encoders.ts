import type { RelayError } from "../model/errors.ts";
import { SoundEncoder } from "./audio-encoder.ts";
import type { PacketSink } from "./source.ts";

export interface FileEncoderOptions {
  readonly sink: PacketSink;
  readonly onFailed: (error: RelayError) => void;
}

/** Encodes blocks of sound that lie end to end. */
export function soundEncoder(config: AudioEncoderConfig, { sink, onFailed }: FileEncoderOptions): SoundEncoder {
  return new SoundEncoder({
    config,
    onPacket: (packet) => sink.packet(packet),
    onRestart: (error) => sink.warn(error.code, `${error.message}; started again`),
    onFailed,
  });
}
