/** What is used of a WebTransport session, on either side. @see https://www.w3.org/TR/webtransport/#web-transport */
export interface CarriageTransport {
  readonly ready: Promise<unknown>;
  /** Settles when the session is over, whoever ended it. */
  readonly closed: Promise<unknown>;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  readonly incomingBidirectionalStreams: ReadableStream<CarriageControl>;
  createUnidirectionalStream(): Promise<WritableStream<Uint8Array>>;
  createBidirectionalStream(): Promise<CarriageControl>;
  close(info?: { closeCode?: number; reason?: string }): void;
}

export interface CarriageControl {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}
