import type { NativeBidirectionalStream, NativeReceiveStream, NativeSendStream, NativeSession } from "./native.ts";

const READ_BYTES = 64 * 1024;

/** A bidirectional stream as WebTransport has it. */
export interface BidirectionalStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * A session of the native module as the API that browsers have, without datagrams and priorities.
 * @see https://www.w3.org/TR/webtransport/#web-transport
 */
export class Transport {
  readonly ready = Promise.resolve();
  readonly closed: Promise<{ closeCode: number; reason: string }>;
  readonly incomingBidirectionalStreams: ReadableStream<BidirectionalStream>;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  readonly #session: NativeSession;

  constructor(session: NativeSession) {
    this.#session = session;
    this.closed = session.closed();
    this.incomingBidirectionalStreams = accepted(async () => duplex(await session.acceptBi()));
    this.incomingUnidirectionalStreams = accepted(async () => received(await session.acceptUni()));
  }

  /** The subprotocol; empty where none was agreed on. */
  get protocol(): string {
    return this.#session.protocol ?? "";
  }

  async createBidirectionalStream(): Promise<BidirectionalStream> {
    return duplex(await this.#session.openBi());
  }

  async createUnidirectionalStream(): Promise<WritableStream<Uint8Array>> {
    return sent(await this.#session.openUni());
  }

  close({ closeCode = 0, reason = "" }: { closeCode?: number; reason?: string } = {}): void {
    this.#session.close(closeCode, reason);
  }
}

/** Streams that the other side opens, one when it is asked for; ends with the session. */
function accepted<T>(accept: () => Promise<T>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          controller.enqueue(await accept());
        } catch {
          controller.close();
        }
      },
    },
    { highWaterMark: 0 },
  );
}

const duplex = (stream: NativeBidirectionalStream): BidirectionalStream => ({
  readable: received(stream.takeRecv()),
  writable: sent(stream.takeSend()),
});

function received(stream: NativeReceiveStream): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await stream.read(READ_BYTES);
        if (bytes === null) controller.close();
        else controller.enqueue(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      },
      cancel() {
        stream.stop(0).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function sent(stream: NativeSendStream): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    // A copy: it is read on another thread, while who wrote it may use the buffer again.
    write: (bytes) => stream.write(Buffer.from(bytes)),
    close: () => stream.finish(),
    abort: () => stream.reset(0).catch(() => undefined),
  });
}
