import type { SignedHeader } from "../../src/model/part-header.ts";
import { KeyPair } from "../../src/swarm/proof/key-pair.ts";
import { merkleRoot, pieceDigests, splitPieces } from "../../src/swarm/proof/merkle.ts";
import { sha256 } from "../../src/swarm/proof/sha256.ts";
import { decodeHeader, encodeHeader } from "../../src/wire/part-header-codec.ts";
import type { PeerFrame } from "../../src/wire/peer-frame.ts";
import { decodeFrame, encodeFrame } from "../../src/wire/peer-frame-codec.ts";
import type { AttackKind } from "../swarm-peers.ts";

/** A viewer's swarm like any other, over data channels like any other's; but what it says to its peers goes through here first. */

type Bytes = Uint8Array<ArrayBuffer>;
/** Frames as they are; bytes, frames or not, as they come. */
type Say = (what: PeerFrame | Bytes) => void;

interface Attack {
  /** What the page wants to say, which is left to the attack. */
  says(frame: PeerFrame, say: Say): void;
  hears?(frame: PeerFrame): void;
  /** Once for each peer. */
  meets?(say: Say): void;
}

const MARKED: unique symbol = Symbol("of an attacker");

function randomBytes(size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  return bytes;
}

/** The control: what the same number of peers costs that mean well. */
const honest: Attack = { says: (frame, say) => say(frame) };

/** Sends other bytes than it says. */
const polluter: Attack = {
  says(frame, say) {
    if (frame.kind !== "piece" && frame.kind !== "init") return say(frame);
    const bytes = frame.bytes.slice();
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
    say({ ...frame, bytes });
  },
};

const LIE_EVERY_MS = 200;

/** Says that it has everything, before anybody else and up to parts that nobody has made yet, and sends nothing of it. */
function liar(): Attack {
  let newest: { readonly msn: number; readonly part: number } | undefined;
  const take = (frame: PeerFrame): void => {
    const told =
      frame.kind === "header" ? frame.signed.header : frame.kind === "have" ? frame.ranges.at(-1)?.last : undefined;
    if (told === undefined) return;
    const isNewer =
      newest === undefined || told.msn > newest.msn || (told.msn === newest.msn && told.part > newest.part);
    if (isNewer) newest = { msn: told.msn, part: told.part };
  };
  return {
    says(frame, say) {
      take(frame);
      if (frame.kind === "offer") {
        say({ ...frame, substreams: frame.asked, free: frame.delaysMs.length, delaysMs: frame.delaysMs.map(() => 1) });
      } else if (!["piece", "init", "refuse", "choke"].includes(frame.kind)) say(frame);
    },
    hears: take,
    meets(say) {
      setInterval(() => {
        if (newest === undefined) return;
        const last = { msn: newest.msn + 1, part: 5 };
        say({
          kind: "have",
          rendition: 0,
          hops: 0,
          ranges: [
            { first: newest, last: { ...newest, part: 5 } },
            { first: { ...last, part: 0 }, last },
          ],
        });
      }, LIE_EVERY_MS);
    },
  };
}

const SLOW_MS = 4_000;

/** Sends everything it says, when it is of no use any more. */
const slow: Attack = {
  says(frame, say) {
    if (frame.kind === "piece" || frame.kind === "init") setTimeout(say, SLOW_MS, frame);
    else say(frame);
  },
};

const FLOOD_EVERY_MS = 50;
const FLOOD_FRAMES = 200;

/** Keeps its peers busy with questions that are each allowed. */
const flooder: Attack = {
  says: (frame, say) => say(frame),
  meets(say) {
    let token = 0;
    setInterval(() => {
      for (let count = 0; count < FLOOD_FRAMES; count++) {
        token += 1;
        const key = { rendition: 0, msn: token % 64, part: token % 6 };
        if (token % 2 === 0) say({ kind: "ping", token });
        else say({ kind: "request", key, first: 0, count: 4, known: false, withinMs: 5_000 });
      }
    }, FLOOD_EVERY_MS);
  },
};

const REPLAY_EVERY_MS = 500;
const REPLAY_AFTER_MS = 3_000;
const REPLAY_FRAMES = 20;
const MAX_HEARD = 2_000;

/** Says again what was true once: cards, headers and pieces of parts that are over. */
function replayer(): Attack {
  const heard: { readonly frame: PeerFrame; readonly atMs: number }[] = [];
  const take = (frame: PeerFrame): void => {
    if (frame.kind !== "piece" && frame.kind !== "header" && frame.kind !== "card") return;
    heard.push({ frame, atMs: performance.now() });
    if (heard.length > MAX_HEARD) heard.splice(1, MAX_HEARD / 2);
  };
  return {
    says(frame, say) {
      take(frame);
      say(frame);
    },
    hears: take,
    meets(say) {
      setInterval(() => {
        const old = heard.filter(({ atMs }) => atMs < performance.now() - REPLAY_AFTER_MS);
        for (let count = 0; count < REPLAY_FRAMES && old.length > 0; count++) {
          const pick = old[Math.floor(Math.random() * old.length)];
          if (pick !== undefined) say(pick.frame);
        }
      }, REPLAY_EVERY_MS);
    },
  };
}

/** Late enough that the true one is there, wherever it came from. */
const SECOND_HEADER_MS = 1_500;

/** Has got hold of the publisher's key, and signs a second header of each part. */
function equivocator(pkcs8: Bytes): Attack {
  const keys = KeyPair.importKey(pkcs8);
  async function second({ header }: SignedHeader): Promise<PeerFrame> {
    const bytes = randomBytes(header.sizeBytes);
    const pieces = await pieceDigests(bytes);
    const encoded = encodeHeader({ ...header, root: await merkleRoot(pieces) });
    const signature = await (await keys).sign(encoded);
    const signed = { header: decodeHeader(encoded), encoded, digest: await sha256(encoded), signature, pieces };
    forged.set(`${header.msn}/${header.part}`, splitPieces(bytes));
    return { kind: "header", hops: 1, signed };
  }
  const forged = new Map<string, readonly Bytes[]>();
  return {
    says(frame, say) {
      say(frame);
      if (frame.kind !== "header" || frame.signed.header.gap) return;
      const { signed } = frame;
      setTimeout(() => {
        void second(signed).then((other) => {
          say(other);
          const { msn, part, rendition } = signed.header;
          for (const [index, bytes] of (forged.get(`${msn}/${part}`) ?? []).entries())
            say({ kind: "piece", key: { rendition, msn, part }, index, bytes });
        });
      }, SECOND_HEADER_MS);
    },
  };
}

const OVERSIZE_AFTER_MS = 2_000;

/** One message of more bytes than a frame may have. */
const oversize: Attack = {
  says: (frame, say) => say(frame),
  meets: (say) => void setTimeout(say, OVERSIZE_AFTER_MS, randomBytes(100_000)),
};

/** A frame that begins well, and says that it is longer than it is. */
const babbler: Attack = {
  says: (frame, say) => say(frame),
  meets: (say) => void setTimeout(say, OVERSIZE_AFTER_MS, Uint8Array.from([1, 5, 255, 255, ...randomBytes(60)])),
};

function attackOf(kind: AttackKind, key: string): Attack {
  switch (kind) {
    case "honest":
      return honest;
    case "polluter":
      return polluter;
    case "liar":
      return liar();
    case "slow":
      return slow;
    case "flooder":
      return flooder;
    case "replayer":
      return replayer();
    case "equivocator":
      return equivocator(Uint8Array.from(atob(key), (char) => char.charCodeAt(0)));
    case "oversize":
      return oversize;
    case "babbler":
      return babbler;
  }
}

declare global {
  interface Window {
    /** What the attacker calls itself, and what it has done so far. */
    attacking?: { peer: string | undefined; said: number; peers: number };
  }
  interface RTCDataChannel {
    [MARKED]?: true;
  }
}

/** Stands between this page and its data channels from now on. `key`: the publisher's, in base64, where it fell into the wrong hands. */
export function attackAs(kind: AttackKind, key: string): void {
  const attacking: NonNullable<Window["attacking"]> = { peer: undefined, said: 0, peers: 0 };
  window.attacking = attacking;
  const attack = attackOf(kind, key);
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: Bytes) => void;

  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown): void {
    // Trystero has a channel of its own beside.
    if (this.label !== "eddy") {
      send.call(this, data as Bytes);
      return;
    }
    const say: Say = (what) => {
      if (this.readyState !== "open") return;
      attacking.said += 1;
      try {
        send.call(this, what instanceof Uint8Array ? what : encodeFrame(what));
      } catch {
        // Its buffer is full, as a flooder's is: the next time.
      }
    };
    if (this[MARKED] === undefined) {
      this[MARKED] = true;
      attacking.peers += 1;
      this.addEventListener("message", ({ data: heard }: MessageEvent) => {
        try {
          attack.hears?.(decodeFrame(new Uint8Array(heard as ArrayBuffer)));
        } catch {
          // Another attacker's.
        }
      });
      attack.meets?.(say);
    }
    const frame = decodeFrame(Uint8Array.from(data as Bytes));
    if (frame.kind === "hello") {
      attacking.peer = frame.peer;
      say(frame);
    } else {
      attack.says(frame, say);
    }
  };
}
