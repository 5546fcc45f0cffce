import { RelayError } from "../model/errors.ts";
import { endProbe } from "./encoder-restarts.ts";

/**
 * Encodes one picture and tells how the result is decoded, so that the init segment stands before the stream starts. The picture
 * should be one of the source's own, since its colour space is part of the answer; it is closed. Default: a black one.
 * @throws RelayError `encoder-failed`
 */
export async function probeVideoDecoder(
  config: VideoEncoderConfig,
  picture = blackPicture(config),
): Promise<VideoDecoderConfig> {
  return await new Promise<VideoDecoderConfig>((resolve, reject) => {
    const failed = (reason: string, cause?: unknown) =>
      reject(
        new RelayError(
          "encoder-failed",
          `the encoder of ${config.codec} at ${config.width}x${config.height} ${reason}`,
          { cause },
        ),
      );
    const encoder = new VideoEncoder({
      output: (_, metadata) => {
        if (metadata?.decoderConfig !== undefined) resolve(metadata.decoderConfig);
      },
      error: (error) => failed(`failed: ${error.message}`, error),
    });
    try {
      encoder.configure(config);
      encoder.encode(picture, { keyFrame: true });
    } finally {
      picture.close();
    }
    endProbe(encoder, "picture", failed);
  });
}

export function blackPicture({ width, height }: VideoEncoderConfig, timestamp = 0): VideoFrame {
  const pixels = new Uint8Array(width * height * 4);
  return new VideoFrame(pixels, { format: "RGBX", codedWidth: width, codedHeight: height, timestamp });
}
