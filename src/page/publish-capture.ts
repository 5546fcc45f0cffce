import { RelayError } from "../model/errors.ts";
import type { Capture } from "./capture.ts";
import type { Relay } from "./open-relay.ts";
import type { Peers } from "./peers/peers.ts";
import type { Publisher } from "./publisher.ts";
import type { RelaySource } from "./session/relay-feed.ts";

/** What is published, where, and to whom. */
export interface PublishCaptureOptions {
  /** From `openRelay()`. */
  readonly relay: Relay;
  /** Name of the stream: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly name: string;
  /** From `startCapture()`; belongs to the publication from now on. */
  readonly capture: Capture;
  /** Viewers to send it to. Default none: it is for this browser. */
  readonly peers?: Peers;
  /** A relay to send it to, as `moq()` returns it. Default none. */
  readonly uplink?: RelaySource;
  /** Gives up opening the stream; one that is open ends by `stop()`. */
  readonly signal?: AbortSignal;
}

/** A capture on its way into the relay. */
export interface LivePublication {
  /** Of the stream. */
  readonly publisher: Publisher;
  /** To be muted, paused or switched while it is live. */
  readonly capture: Capture;
  /** Stops the capture, publishes what is left of it, and ends the stream. */
  stop(): Promise<void>;
  /** Resolves when the stream has ended: by `stop()`, or because the source did. Rejects with what broke it. */
  readonly ended: Promise<void>;
}

/**
 * Publishes a capture with all of its renditions.
 * @throws RelayError as `relay.publish()` does; the capture is stopped then
 */
export async function publishCapture(options: PublishCaptureOptions): Promise<LivePublication> {
  const { capture } = options;
  const publisher = await openPublisher(options);
  capture.start({
    async part(part) {
      // What nobody took in time is missing before this part: the timeline jumps (rule 33).
      if (part.missingMs !== undefined) void publisher.discontinuity(part.rendition);
      await publisher.part(part.rendition, part);
    },
    async init(bytes, rendition) {
      // Another source, or an encoder that was started again: what is made differs (rule 33).
      void publisher.discontinuity(rendition);
      await publisher.init(rendition, bytes);
    },
  });
  const ended = finish(publisher, capture);
  ended.catch(() => undefined); // for who does not listen; it rejects for who does
  return {
    publisher,
    capture,
    ended,
    async stop() {
      await capture.stop();
      await ended;
    },
  };
}

/** A stream that has the init segments. */
async function openPublisher({ relay, name, capture, ...rest }: PublishCaptureOptions): Promise<Publisher> {
  const { peers, uplink, signal } = rest;
  let opened: Publisher | undefined;
  try {
    const { partTargetMs, targetDurationMs } = capture;
    const publisher = await relay.publish(
      name,
      // Sources make a key frame where a segment has to open, and nowhere else; each packet of sound alone is one.
      {
        renditions: capture.renditions.map(({ init, ...rendition }) => rendition),
        partTargetMs,
        targetDurationMs,
        segmentMinMs: capture.rendition.width === undefined ? targetDurationMs / 2 : 0,
      },
      {
        ...(signal === undefined ? {} : { signal }),
        ...(peers === undefined ? {} : { peers }),
        ...(uplink === undefined ? {} : { relay: uplink }),
      },
    );
    opened = publisher;
    await Promise.all(capture.renditions.map(({ id, init }) => publisher.init(id, init)));
    return publisher;
  } catch (error) {
    await capture.stop();
    // Nothing would ever come of it, and its name would stay taken.
    await opened?.end().catch(() => undefined);
    throw error;
  }
}

async function finish(publisher: Publisher, capture: Capture): Promise<void> {
  try {
    await capture.ended;
  } catch (error) {
    // What was live stays readable, and viewers are told that no more comes.
    await publisher.end().catch(() => undefined);
    throw error;
  }
  if (publisher.closed !== undefined) throw publisher.closed;
  try {
    await publisher.end();
  } catch (thrown) {
    throw RelayError.from(thrown);
  }
}
