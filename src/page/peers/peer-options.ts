import { checkNumber, checkOneOf } from "../../model/checks.ts";
import { RelayError } from "../../model/errors.ts";

/**
 * `share`: gives and takes. `receive-only`: takes alone. `relay-only`: gives and takes through TURN servers alone, so that peers do not
 * see each other's addresses. `off`: no peers.
 */
export type PeersMode = "share" | "receive-only" | "relay-only" | "off";

/** How peers find each other. What passes through is encrypted by the peers; addresses of who connects are seen. */
export type Signalling =
  | {
      /** `npx eddy-hls signal`. */
      readonly kind: "relay";
      /** `ws:` or `wss:`; all of them are used. Default: `/eddy-signal` on the page's own host. */
      readonly urls?: readonly string[];
    }
  | {
      /** Public relays of Nostr, or trackers of WebTorrent. Their code is loaded when they are used. */
      readonly kind: "nostr" | "torrent";
      /** Default: Trystero's lists of public ones. */
      readonly urls?: readonly string[];
      /**
       * These relays pass everything to everybody, and each room is a full mesh of signalling: a large audience is cut into so many
       * rooms, the same number for all. A peer sits in two. Default 1, which does for about 30 viewers.
       */
      readonly shards?: number;
    };

/** Whether, and how much, this viewer sends to others. */
export interface UploadOptions {
  /**
   * Whose consent there is: `true` the site's, `false` nobody's, and with `"ask"` the person's, once `setConsent(true)` was called; it is
   * remembered. Default `"ask"`.
   */
  readonly consent?: boolean | "ask";
  /** Bits per second, over all peers. Default: no limit. */
  readonly maxBps?: number;
  /** Bytes in one calendar month, over all streams of this origin. Default: no limit. */
  readonly monthlyBytes?: number;
  /** Goes on while the page is hidden. Default true. */
  readonly inBackground?: boolean;
  /** Also where the browser says that bytes cost money (cellular), or the person asked to save data. Default false. */
  readonly onMetered?: boolean;
}

/** How viewers find each other, and what this one sends. */
export interface PeersOptions {
  /** Viewers of one room find each other. Default: made of the stream's identity. */
  readonly room?: string;
  /** Known to the viewers alone: who runs the signalling cannot read descriptions without it. Default: the room's name does. */
  readonly secret?: string;
  /** How they find each other. Default: a relay on the page's own host. */
  readonly signalling?: Signalling;
  /** STUN and TURN servers. Default: public STUN servers of Cloudflare and Google; `[]` where all are in one network. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Default `share`. */
  readonly mode?: PeersMode;
  /** What this viewer sends to others. Default: nothing before a person's consent. */
  readonly upload?: UploadOptions;
  /** Connections to peers at a time, 1 to 30. Who turns out to have a wide uplink takes two and a half times as many, 30 at most. Default 12. */
  readonly maxNeighbours?: number;
}

/** PeersOptions, checked and complete. */
export interface PeersConfig {
  /** Undefined: made of the stream's identity. */
  readonly room: string | undefined;
  /** Undefined: the room's name does. */
  readonly secret: string | undefined;
  /** How viewers find each other. */
  readonly signalling: Required<Signalling>;
  /** STUN and TURN servers. */
  readonly iceServers: readonly RTCIceServer[];
  /** Who gives and takes. */
  readonly mode: PeersMode;
  /** What this viewer sends to others. */
  readonly upload: Required<UploadOptions>;
  /** Connections to peers at a time. */
  readonly maxNeighbours: number;
}

/** Path of the relay on the page's own host, where nothing else is said. */
const OWN_RELAY_PATH = "/eddy-signal";
const STUN: readonly RTCIceServer[] = [{ urls: ["stun:stun.cloudflare.com:3478", "stun:stun.l.google.com:19302"] }];
const MAX_NEIGHBOURS = 30;
const MAX_SHARDS = 4096;
const MAX_URLS = 8;

/** `pageUrl` is where the default relay is looked for. @throws RelayError `invalid-option` */
export function resolvePeersOptions(options: PeersOptions, pageUrl: string): PeersConfig {
  const { room, secret, iceServers = STUN, upload = {} } = options;
  const mode = checkOneOf("mode", options.mode ?? "share", ["share", "receive-only", "relay-only", "off"]);
  if (mode === "relay-only" && !iceServers.some(hasTurn)) {
    throw new RelayError("invalid-option", "iceServers: relay-only expected a TURN server (turn: or turns:), got none");
  }
  for (const [name, value] of Object.entries({ room, secret })) {
    if (value !== undefined && (typeof value !== "string" || value === "" || value.length > 256)) {
      throw new RelayError("invalid-option", `${name}: expected a text of 1 to 256 characters`);
    }
  }
  return {
    room,
    secret,
    signalling: resolveSignalling(options.signalling ?? { kind: "relay" }, pageUrl),
    iceServers,
    mode,
    upload: {
      consent: checkConsent(upload.consent ?? "ask"),
      maxBps: checkNumber("upload.maxBps", upload.maxBps ?? Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY),
      monthlyBytes: checkNumber(
        "upload.monthlyBytes",
        upload.monthlyBytes ?? Number.POSITIVE_INFINITY,
        0,
        Number.POSITIVE_INFINITY,
      ),
      inBackground: upload.inBackground ?? true,
      onMetered: upload.onMetered ?? false,
    },
    maxNeighbours: Math.floor(checkNumber("maxNeighbours", options.maxNeighbours ?? 12, 1, MAX_NEIGHBOURS)),
  };
}

function resolveSignalling(signalling: Signalling, pageUrl: string): Required<Signalling> {
  const kind = checkOneOf("signalling.kind", signalling.kind, ["relay", "nostr", "torrent"]);
  const { urls = [] } = signalling;
  if (urls.length > MAX_URLS) {
    throw new RelayError("invalid-option", `signalling.urls: expected at most ${MAX_URLS}, got ${urls.length}`);
  }
  for (const url of urls) {
    if (!URL.canParse(url) || !/^wss?:/.test(url)) {
      throw new RelayError("invalid-option", `signalling.urls: expected ws: or wss:, got ${String(url).slice(0, 80)}`);
    }
  }
  if (kind === "relay") return { kind, urls: urls.length > 0 ? urls : [ownRelay(pageUrl)] };
  const shards = (signalling.kind === "relay" ? undefined : signalling.shards) ?? 1;
  return { kind, urls, shards: Math.floor(checkNumber("signalling.shards", shards, 1, MAX_SHARDS)) };
}

function ownRelay(pageUrl: string): string {
  const url = new URL(OWN_RELAY_PATH, pageUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function checkConsent(consent: unknown): boolean | "ask" {
  if (typeof consent === "boolean" || consent === "ask") return consent;
  throw new RelayError("invalid-option", `upload.consent: expected true, false or "ask", got ${String(consent)}`);
}

/** Whether it passes media on, and does not only tell addresses. */
export const hasTurn = ({ urls }: RTCIceServer): boolean => [urls].flat().some((url) => /^turns?:/i.test(url));
