import { MAX_FRAME_BYTES } from "../../wire/peer-frame.ts";
import type { PeerRoute } from "./peer-route.ts";

/** Id of our channel, agreed beforehand: Trystero's own takes the first free one. */
const CHANNEL_ID = 64;
/** All that Trystero's own channel carries between two peers, with room: handshakes and which rooms they share. */
const MAX_OTHER_BYTES = 256 * 1024;
/** What may come before the swarm listens: a hello, a card, some announcements. */
const MAX_EARLY_MESSAGES = 64;
/** What was opened for an offer that cannot be read is closed after this: Trystero lets go of it, and leaves it open. */
const UNUSED_MS = 10_000;
/** Of what a server says. */
const MAX_ERROR_CHARACTERS = 200;
/** How long a closing connection may take to send what it was given. */
const LINGER_MS = 2_000;

/** A connection that carries our channel beside Trystero's. */
export interface ChannelConnection extends RTCPeerConnection {
  /** Our channel, once it is there; whoever takes it listens from now on. */
  takeChannel(): { readonly channel: RTCDataChannel; readonly early: readonly unknown[] } | undefined;
  /** Closes it once what was sent has left, also for Trystero, which hears of nothing but its channel. */
  end(): void;
  /** How it passes the networks between the two; undefined before it is known, and where the browser does not tell. */
  readonly route: PeerRoute | undefined;
}

/** What this browser found out of itself, over all connections. */
export interface IceFindings {
  /** Addresses of its own. */
  readonly own: number;
  /** Addresses that a STUN server saw. */
  readonly reflexive: number;
  /** Addresses that a TURN server lent it. */
  readonly relayed: number;
  /** What a server said last that did none of it. */
  readonly error: string | undefined;
}

export interface ConnectionMaker {
  /** Given to Trystero in the place of the browser's. */
  readonly Connection: typeof RTCPeerConnection;
  /** Calls `join`, during which connections are made that nobody needs yet: they are stillborn. */
  withoutSpares<T>(join: () => T): T;
  readonly found: IceFindings;
}

/**
 * Our data channel must be there on both sides before the first byte passes, since what comes for a channel that is not there is
 * dropped. So it is made with the connection, where Trystero makes its own.
 */
export function connectionMaker(Native: typeof RTCPeerConnection): ConnectionMaker {
  let sparing = false;
  const found = { own: 0, reflexive: 0, relayed: 0, error: undefined as string | undefined };

  class Connection extends Native implements ChannelConnection {
    #channel: RTCDataChannel | undefined;
    /** Trystero's. */
    #other: RTCDataChannel | undefined;
    #early: unknown[] | undefined = [];

    constructor(config?: RTCConfiguration) {
      super(config);
      if (sparing) {
        super.close();
        return;
      }
      setTimeout(() => {
        if (this.#channel === undefined) super.close();
      }, UNUSED_MS);
      this.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate === null || candidate.candidate === "") return;
        found[candidate.type === "relay" ? "relayed" : candidate.type === "srflx" ? "reflexive" : "own"] += 1;
      });
      this.addEventListener("icecandidateerror", ({ url, errorCode, errorText }) => {
        found.error = `${url}: ${errorCode} ${errorText}`.slice(0, MAX_ERROR_CHARACTERS);
      });
      // The answering side's; the offering side makes it. A peer that opens more has something in mind.
      this.addEventListener("datachannel", ({ channel }) => {
        if (this.#other !== undefined) this.end();
        else this.#watch(channel);
      });
    }

    override createDataChannel(label: string, init?: RTCDataChannelInit): RTCDataChannel {
      // Trystero sets handlers on it and looks no further, since the connection is closed.
      if (this.connectionState === "closed") return {} as RTCDataChannel;
      const channel = super.createDataChannel(label, init);
      this.#watch(channel);
      this.#open();
      return channel;
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      // Trystero would let peers send pictures and sound, also later on.
      if (/^m=(?!application )/m.test(description.sdp ?? ""))
        throw new Error("expected data channels and nothing else");
      await super.setRemoteDescription(description);
      this.#open();
    }

    takeChannel(): { readonly channel: RTCDataChannel; readonly early: readonly unknown[] } | undefined {
      const early = this.#early;
      if (this.#channel === undefined || early === undefined) return undefined;
      this.#early = undefined;
      this.#channel.onmessage = null;
      return { channel: this.#channel, early };
    }

    end(): void {
      const close = (): void => super.close();
      if (this.#channel === undefined || this.#channel.readyState === "closed") close();
      else {
        this.#channel.addEventListener("close", close, { once: true });
        setTimeout(close, LINGER_MS);
        this.#channel.close();
      }
      this.#other?.close();
    }

    get route(): PeerRoute | undefined {
      // Not every browser has it.
      const pair = this.sctp?.transport.iceTransport.getSelectedCandidatePair?.();
      if (pair == null) return undefined;
      return [pair.local, pair.remote].some(({ type }) => type === "relay") ? "relayed" : "direct";
    }

    /** Trystero keeps what comes for rooms that it does not know: nobody may fill our memory with that. */
    #watch(channel: RTCDataChannel): void {
      this.#other = channel;
      let bytes = 0;
      channel.addEventListener("message", ({ data }) => {
        bytes += sizeOf(data);
        if (bytes > MAX_OTHER_BYTES) this.end();
      });
    }

    #open(): void {
      if (this.#channel !== undefined || this.connectionState === "closed") return;
      const channel = super.createDataChannel("eddy", { negotiated: true, id: CHANNEL_ID, ordered: false });
      channel.binaryType = "arraybuffer";
      channel.onmessage = ({ data }) => {
        if (this.#early === undefined || this.#early.length >= MAX_EARLY_MESSAGES) return;
        // No frame is so long, and some browsers take messages of a gigabyte.
        if (sizeOf(data) > MAX_FRAME_BYTES) this.end();
        else this.#early.push(data);
      };
      this.#channel = channel;
    }
  }

  return {
    Connection,
    withoutSpares(join) {
      sparing = true;
      try {
        return join();
      } finally {
        sparing = false;
      }
    },
    found,
  };
}

const sizeOf = (data: unknown): number => (data instanceof ArrayBuffer ? data.byteLength : String(data).length);
