import type { Bytes } from "../../model/bytes.ts";
import type { Clock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import type { TokenBucket } from "../../model/token-bucket.ts";
import type { PeerLink, PeerPort } from "../../swarm/swarm-types.ts";
import { type ByeReason, MAX_FRAME_BYTES, type PeerFrame, type PeerId } from "../../wire/peer-frame.ts";
import type { PeerFailureReason } from "./peer-failures.ts";

/** What of an RTCDataChannel is used. */
export interface FrameChannel {
  readonly readyState: RTCDataChannelState;
  readonly bufferedAmount: number;
  bufferedAmountLowThreshold: number;
  send(bytes: Bytes): void;
  close(): void;
  addEventListener(type: string, listener: (event: Event) => void, options?: AddEventListenerOptions): void;
}

export interface ChannelLinkParts {
  readonly peer: PeerId;
  readonly channel: FrameChannel;
  readonly codec: { encode(frame: PeerFrame): Bytes; decode(bytes: Bytes): PeerFrame };
  readonly clock: Clock;
  /** Bytes of media per second, shared by all links; undefined is no limit. */
  readonly rate: TokenBucket | undefined;
  /** So many bytes were handed to the network. */
  readonly sent: (bytes: number) => void;
  readonly failed: (reason: PeerFailureReason, message: string) => void;
  /** Once, however it ended: the connection is of no more use. */
  readonly ended: () => void;
}

/** The channel's own buffer is filled up to this: enough for 100 Mbit/s at 20 ms, little enough for control to get through. */
const HIGH_BYTES = 256 * 1024;
const LOW_BYTES = 64 * 1024;
/** Who is so far behind reads nothing any more. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

/**
 * A connection to one peer over a data channel. Media waits here, under the upload rate, until the channel's own buffer has
 * room; all else is sent at once. Frames are unordered anyway.
 */
export class ChannelLink implements PeerLink {
  readonly peer: PeerId;
  readonly #parts: ChannelLinkParts;
  /** Frames that wait: all until the channel opens, then media alone. */
  readonly #queue: Bytes[] = [];
  #queuedBytes = 0;
  #port: PeerPort | undefined;
  #cancelTimer: (() => void) | undefined;
  readonly #listening = new AbortController();

  constructor(parts: ChannelLinkParts) {
    this.peer = parts.peer;
    this.#parts = parts;
    const { channel } = parts;
    const { signal } = this.#listening;
    channel.bufferedAmountLowThreshold = LOW_BYTES;
    channel.addEventListener("open", () => this.#pump(), { signal });
    channel.addEventListener("bufferedamountlow", () => this.#pump(), { signal });
    channel.addEventListener("close", () => this.lost(), { signal });
    channel.addEventListener("message", (event) => this.receive((event as MessageEvent).data), { signal });
  }

  get bufferedBytes(): number {
    return this.#closed ? 0 : this.#queuedBytes + this.#parts.channel.bufferedAmount;
  }

  /** From now on the swarm hears what comes. */
  attach(port: PeerPort): void {
    this.#port = port;
  }

  send(frame: PeerFrame): void {
    if (this.#closed) return;
    const bytes = this.#parts.codec.encode(frame);
    const isMedia = frame.kind === "piece" || frame.kind === "init";
    if (!isMedia && this.#parts.channel.readyState === "open") {
      this.#write(bytes);
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.#parts.failed("slow", `${this.#queuedBytes} bytes wait to be sent`);
      this.#endByItself();
      return;
    }
    this.#pump();
  }

  close(): void {
    if (this.#closed) return;
    this.#listening.abort();
    this.#cancelTimer?.();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    // What was handed to the channel still goes out before it closes: a `bye` among it.
    this.#parts.channel.close();
    this.#parts.ended();
  }

  /** Ends it with a reason that the peer hears, and so does the swarm. */
  giveUp(reason: ByeReason): void {
    this.send({ kind: "bye", reason });
    this.#endByItself();
  }

  /** The peer went, or with a message the connection broke. */
  lost(message?: string): void {
    if (this.#closed) return;
    if (message !== undefined) this.#parts.failed("lost", message);
    this.#endByItself();
  }

  /** What came over the channel. */
  receive(data: unknown): void {
    if (this.#closed || this.#port === undefined) return;
    let frame: PeerFrame;
    try {
      frame = this.#parts.codec.decode(bytesOf(data));
    } catch (thrown) {
      const error = RelayError.from(thrown);
      this.#parts.failed("malformed", error.message);
      const port = this.#port;
      port.malformed(error);
      this.#endByItself();
      return;
    }
    if (frame.kind === "bye") {
      if (frame.reason === "version") this.#parts.failed("version", "the peer is of another version");
      else if (frame.reason === "full") this.#parts.failed("refused", "the peer has no room");
    }
    this.#port.received(frame);
  }

  get #closed(): boolean {
    return this.#listening.signal.aborted;
  }

  /** Closes, and tells the swarm, which did not ask for it. */
  #endByItself(): void {
    if (this.#closed) return;
    this.close();
    this.#port?.closed();
  }

  #pump(): void {
    const { channel, clock, rate } = this.#parts;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (!this.#closed && channel.readyState === "open" && channel.bufferedAmount < HIGH_BYTES) {
      const bytes = this.#queue[0];
      if (bytes === undefined) return;
      if (rate !== undefined && !rate.take(bytes.byteLength)) {
        this.#cancelTimer = clock.after(Math.ceil(rate.waitMs(bytes.byteLength)), () => this.#pump());
        return;
      }
      this.#queue.shift();
      this.#queuedBytes -= bytes.byteLength;
      this.#write(bytes);
    }
  }

  #write(bytes: Bytes): void {
    try {
      this.#parts.channel.send(bytes);
    } catch (thrown) {
      // It closed a moment ago, or its buffer of 16 MiB is full.
      this.lost(RelayError.from(thrown).message);
      return;
    }
    this.#parts.sent(bytes.byteLength);
  }
}

/** @throws RelayError `malformed-frame` */
function bytesOf(data: unknown): Bytes {
  if (!(data instanceof ArrayBuffer)) throw new RelayError("malformed-frame", "expected bytes, got text");
  if (data.byteLength > MAX_FRAME_BYTES) {
    throw new RelayError("malformed-frame", `expected at most ${MAX_FRAME_BYTES} bytes, got ${data.byteLength}`);
  }
  return new Uint8Array(data);
}
