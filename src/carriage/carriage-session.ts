import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { untilAborted } from "../model/on-abort.ts";
import { type Bundle, BundleReader, encodeBundle } from "../wire/bundle.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { type ByeReason, PEER_VERSION, type PeerFrame } from "../wire/peer-frame.ts";
import { encodeFrame } from "../wire/peer-frame-codec.ts";
import {
  BYE_MS,
  HELLO_MS,
  MAX_CONTROL_BYTES,
  MAX_OPEN_STREAMS,
  MAX_OPENING_STREAMS,
  PING_MS,
  SILENT_MS,
  STREAM_MS,
} from "./carriage-limits.ts";
import type { CarriageControl, CarriageTransport } from "./transport.ts";

type Hello = Extract<PeerFrame, { readonly kind: "hello" }>;

export interface CarriageListener {
  /** Once, before anything else. */
  hello(frame: Hello): void;
  /** Everything else that is said on the control stream, but ping, pong and bye. */
  frame(frame: PeerFrame): void;
  /** Streams end in whichever order they end. */
  bundle(bundle: Bundle): void;
}

export interface CarriageSessionOptions {
  readonly transport: CarriageTransport;
  /** The side that connected opens the control stream. */
  readonly opens: boolean;
  /** 1 to 32 of `A-Z a-z 0-9 _ -`. */
  readonly self: string;
  /** Publishes. */
  readonly source: boolean;
  readonly clock: Clock;
  readonly listener: CarriageListener;
}

/** The URL says which stream it is. */
const THIS_STREAM = new Uint8Array(16);

/** One WebTransport session that carries parts: control frames on one bidirectional stream, each bundle on a stream of its own. */
export class CarriageSession {
  readonly #options: CarriageSessionOptions;
  readonly #over = new AbortController();
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #unwrittenBytes = 0;
  #heardAtMs: number;
  #isGreeted = false;
  /** Its goodbye is being written. */
  #isLeaving = false;
  #open = 0;
  #opening = 0;
  #freed: () => void = () => undefined;
  #lost = 0;

  constructor(options: CarriageSessionOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.now();
  }

  /** Aborts when the session is over, with the reason. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Streams of the other side that broke off, or took too long. */
  get lost(): number {
    return this.#lost;
  }

  /** Resolves when the session is over; rejects with why, where that is not the other side's wish or ours. */
  async run(): Promise<void> {
    const { transport, opens, clock } = this.#options;
    const over = new Promise<void>((resolve) => this.signal.addEventListener("abort", () => resolve(), { once: true }));
    const ended = transport.closed.then(
      () => this.close(),
      () => this.#end(new RelayError("relay-unreachable", "the session has broken off")),
    );
    const cancel = clock.after(HELLO_MS, () => {
      if (!this.#isGreeted) this.#bye("idle", "no hello came");
    });
    const stopWatch = this.#watch();
    try {
      await Promise.race([transport.ready, over]);
      const control = opens ? await transport.createBidirectionalStream() : await this.#accepted();
      this.#writer = control.writable.getWriter();
      this.#writer.closed.catch(() => undefined);
      this.#greet();
      void this.#readStreams().catch(() => this.close());
      await Promise.race([this.#readControl(control), over, ended]);
      this.close();
    } catch (thrown) {
      this.#end(RelayError.from(thrown));
    } finally {
      cancel();
      stopWatch();
    }
    const { reason } = this.signal;
    if (reason instanceof RelayError && reason.code !== "closed") throw reason;
  }

  /** Says it, after what was said before. */
  say(frame: PeerFrame): void {
    const writer = this.#writer;
    if (writer === undefined || this.signal.aborted) return;
    const bytes = encodeFrame(frame);
    this.#unwrittenBytes += bytes.byteLength;
    if (this.#unwrittenBytes > MAX_CONTROL_BYTES) {
      this.#end(new RelayError("deadline", `expected the other side to read, it left ${this.#unwrittenBytes} bytes`));
      return;
    }
    this.#writing = this.#writing
      .then(() => writer.write(bytes))
      .then(() => {
        this.#unwrittenBytes -= bytes.byteLength;
      })
      .catch(() => this.close());
  }

  /** Sends it on a stream of its own; resolves when all of it is handed to the transport. `signal` gives it up. */
  async send(bundle: Bundle, signal: AbortSignal = this.signal): Promise<void> {
    const either = AbortSignal.any([signal, this.signal]);
    either.throwIfAborted();
    const stream = await this.#openStream(either);
    const writer = stream.getWriter();
    writer.closed.catch(() => undefined);
    const abort = (): void => void writer.abort(either.reason).catch(() => undefined);
    either.addEventListener("abort", abort, { once: true });
    try {
      either.throwIfAborted();
      for (const frame of encodeBundle(bundle)) await writer.write(frame);
      await writer.close();
    } catch (thrown) {
      abort();
      throw thrown;
    } finally {
      either.removeEventListener("abort", abort);
    }
  }

  /** Who lets no stream be opened, and says that it is there, must not have ever more parts wait for it. */
  async #openStream(signal: AbortSignal): Promise<WritableStream<Uint8Array>> {
    if (this.#opening >= MAX_OPENING_STREAMS) {
      throw new RelayError("deadline", `expected the other side to take streams, ${this.#opening} wait to be opened`);
    }
    this.#opening += 1;
    const opening = this.#options.transport.createUnidirectionalStream().finally(() => {
      this.#opening -= 1;
    });
    try {
      return await untilAborted(opening, signal);
    } catch (thrown) {
      opening.then((late) => late.abort(thrown)).catch(() => undefined);
      throw thrown;
    }
  }

  /** Idempotent. */
  close(): void {
    this.#end(new RelayError("closed", "the session is over"));
  }

  #end(error: RelayError): void {
    if (this.signal.aborted) return;
    this.#over.abort(error);
    this.#options.transport.close({ reason: error.code });
  }

  /** Lets the other side know why; what it says from then on is not heard. */
  #bye(reason: ByeReason, message: string): void {
    if (this.#isLeaving) return;
    this.say({ kind: "bye", reason });
    this.#isLeaving = true;
    const end = (): void => this.#end(new RelayError("malformed-message", message));
    // Who does not read it must not be served for that.
    const cancel = this.#options.clock.after(BYE_MS, end);
    this.signal.addEventListener("abort", cancel, { once: true });
    void this.#writing.finally(end);
  }

  #greet(): void {
    const { self, source } = this.#options;
    const flags = { uploads: true, source, fetches: false, uplinkBps: 0 };
    this.say({ kind: "hello", version: PEER_VERSION, peer: self, stream: THIS_STREAM, ...flags });
  }

  /** Asks whoever is silent, and lets go of who does not answer. */
  #watch(): () => void {
    const { clock } = this.#options;
    let cancel = (): void => undefined;
    const look = (): void => {
      if (clock.now() - this.#heardAtMs >= SILENT_MS) {
        this.#end(new RelayError("relay-unreachable", `nothing was heard for ${SILENT_MS} ms`));
        return;
      }
      this.say({ kind: "ping", token: 0 });
      cancel = clock.after(PING_MS, look);
    };
    cancel = clock.after(PING_MS, look);
    return () => cancel();
  }

  async #accepted(): Promise<CarriageControl> {
    const reader = this.#options.transport.incomingBidirectionalStreams.getReader();
    const { value } = await reader.read();
    if (value === undefined) throw new RelayError("closed", "the session ended before it began");
    return value;
  }

  async #readControl({ readable }: CarriageControl): Promise<void> {
    const frames = new FrameReader();
    const reader = readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      this.#heardAtMs = this.#options.clock.now();
      try {
        for (const frame of frames.push(value as Bytes)) this.#hear(frame);
      } catch (thrown) {
        this.#bye("bad-frame", RelayError.from(thrown).message);
        return await new Promise(() => undefined); // until the goodbye is written
      }
      if (this.signal.aborted) return;
    }
  }

  #hear(frame: PeerFrame): void {
    const { listener } = this.#options;
    if (this.#isLeaving) return;
    switch (frame.kind) {
      case "hello":
        if (this.#isGreeted) throw new RelayError("malformed-frame", "expected one hello, got another");
        if (frame.version !== PEER_VERSION) {
          this.#bye("version", `expected version ${PEER_VERSION}, got ${frame.version}`);
          return;
        }
        this.#isGreeted = true;
        listener.hello(frame);
        return;
      case "ping":
        this.say({ kind: "pong", token: frame.token });
        return;
      case "pong":
        return;
      case "bye":
        this.close();
        return;
      default:
        if (!this.#isGreeted) throw new RelayError("malformed-frame", `expected hello, got ${frame.kind}`);
        listener.frame(frame);
    }
  }

  async #readStreams(): Promise<void> {
    const streams = this.#options.transport.incomingUnidirectionalStreams.getReader();
    while (!this.signal.aborted) {
      if (this.#open >= MAX_OPEN_STREAMS) {
        await new Promise<void>((resolve) => {
          this.#freed = resolve;
        });
        continue;
      }
      const { value, done } = await streams.read();
      if (done) return;
      this.#open += 1;
      void this.#readStream(value).finally(() => {
        this.#open -= 1;
        this.#freed();
      });
    }
  }

  async #readStream(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    const give = (): void => void reader.cancel().catch(() => undefined);
    const cancel = this.#options.clock.after(STREAM_MS, give);
    const bundle = new BundleReader();
    let isWhole = false;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        this.#heardAtMs = this.#options.clock.now();
        bundle.push(value as Bytes);
      }
      isWhole = true;
    } catch (thrown) {
      give();
      // A stream that breaks off costs its part; one that lies costs the session.
      if (isMalformed(thrown)) this.#bye("bad-frame", thrown.message);
    } finally {
      cancel();
    }
    if (isWhole) this.#ended(bundle);
    else this.#lost += 1;
  }

  #ended(reader: BundleReader): void {
    let bundle: Bundle;
    try {
      bundle = reader.end();
    } catch {
      // Given up here, or ended in the middle there: not to be told apart.
      this.#lost += 1;
      return;
    }
    if (!this.#isLeaving) this.#options.listener.bundle(bundle);
  }
}

const isMalformed = (thrown: unknown): thrown is RelayError =>
  thrown instanceof RelayError && thrown.code === "malformed-frame";
