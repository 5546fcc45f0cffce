/** What is to be encoded, and at which rate. */
export interface EncodingAsk {
  /** Pixels of the source. Sizes above it are not measured. */
  readonly width: number;
  /** Pixels of the source. */
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
}

/** What this machine needs to encode one size. */
export interface EncodingMeasure {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** RFC 6381; undefined where this browser has no encoder for the size. */
  readonly codec?: string;
  /** Time that encoding takes per time of media; infinite where there is no encoder. */
  readonly load: number;
  /** Whether it is encoded as fast as it is captured, with something to spare. */
  readonly realtime: boolean;
}
