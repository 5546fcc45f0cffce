import { systemClock } from "../../../src/model/clock.ts";
import type { StreamOptions } from "../../../src/model/options.ts";
import { resolveStreamOptions } from "../../../src/model/options.ts";
import { Playlists } from "../../../src/origin/playlists.ts";
import { readPeerSignal } from "../../../src/page/peers/peer-signal.ts";
import { TabChannel } from "../../../src/page/session/tab-channel.ts";
import { readDiagnostic } from "../../../src/wire/diagnostics.ts";
import { isEddyMessage, readFault, readKept, WIRE_VERSION } from "../../../src/wire/messages.ts";
import { readAsk } from "../../../src/wire/read-ask.ts";
import { readStorageAsk } from "../../../src/wire/storage-asks.ts";

const READERS = { diagnostic: readDiagnostic, storage: readStorageAsk };

import { MAX_SIGNAL_BYTES, readSignalAsk, readSignalNews } from "../../../src/wire/signal-messages.ts";
import { seedsOf, valueFrom } from "../structure.ts";
import { bytesOf, expectDense, expectEqual, expectFinite, type Target, textOf } from "../target.ts";

const OPTIONS: StreamOptions = {
  renditions: [
    { id: "hd", codecs: "avc1.42c01f,mp4a.40.2", bandwidth: 1_500_000, width: 1280, height: 720, frameRate: 30 },
    { id: "en", kind: "audio", bandwidth: 64_000, language: "en", name: "English", group: "sound", default: true },
    { id: "cc", kind: "subtitles", bandwidth: 1_000, language: "en", channels: "2" },
  ],
  partTargetMs: 333,
  targetDurationMs: 2_000,
  segmentMinMs: 1_000,
  type: "event",
  parts: "byterange",
} as StreamOptions;

const bytes = new Uint8Array(16);
const START = {
  id: "hd",
  firstMsn: 1,
  firstPartId: 0,
  discontinuitySequence: 0,
  initIndex: -0,
  programDateTimeMs: 1e12,
};
const at = { stream: "studio", epoch: "e1", session: 1, rendition: "hd", number: 3 };
const STEPS = [
  { kind: "init", bytes },
  {
    kind: "part",
    bytes,
    durationMs: 333,
    independent: true,
    programDateTimeMs: 1.7e12,
    more: true,
    source: "peer",
    mark: "m",
  },
  { kind: "gap", durationMs: 333, mark: "m" },
  { kind: "discontinuity" },
  { kind: "key", keys: [{ method: "AES-128", uri: "https://keys.test/1", iv: bytes, keyFormat: "identity" }] },
  { kind: "dateRange", range: { id: "ad", startDate: 1.7e12, durationMs: 30_000, attributes: { "X-COM": "a" } } },
  { kind: "none" },
];
const ASKS = [
  { type: "hello" },
  { type: "open", stream: "studio", epoch: "e1", session: 1, options: OPTIONS, starts: [START], key: "k" },
  { type: "takeOver", stream: "studio", key: "k", options: OPTIONS },
  ...STEPS.map((step) => ({ type: "step", ...at, step })),
  { type: "end", stream: "studio", epoch: "e1", session: 1, expected: [{ rendition: "hd", number: 4 }] },
  { type: "stats", stream: "studio" },
  { type: "pin", stream: "studio", on: true },
  { type: "rename", stream: "studio", title: "A title" },
  { type: "dvrWindow", windowMs: 3_600_000 },
  { type: "inspect", newest: 10 },
  { type: "trace", cursor: 4, worker: "w" },
  { type: "hash", stream: "studio", rendition: "hd", id: 4 },
  { type: "fault", stream: "studio", fault: { kind: "slow-peer", peer: "p", delayMs: 10, durationMs: 100 } },
].map((ask) => ({ eddy: WIRE_VERSION, id: 1, ask }));
const TOLD = [
  {
    eddy: WIRE_VERSION,
    kept: { stream: "studio", epoch: "e1", session: 1, expected: [{ rendition: "hd", number: 4 }] },
  },
  { eddy: WIRE_VERSION, fault: { stream: "studio", epoch: "e1", fault: { kind: "offline", durationMs: 100 } } },
];
const TABS = [
  { version: 1, kind: "hello" },
  { version: 1, kind: "buffer", tab: "t", aheadMs: 1_000 },
  { version: 1, kind: "consent", given: true },
];
const SIGNALS = [
  { type: "subscribe", topic: "abc", name: "peer_1" },
  { type: "unsubscribe", topic: "abc" },
  { type: "publish", topic: "abc", payload: "text", names: ["peer_1"] },
  { type: "message", topic: "abc", payload: "text" },
  { type: "subscribed", topic: "abc", members: 3 },
];
const PEER_SIGNALS = [
  {
    v: 1,
    peerId: "0123456789abcdefghij",
    to: "topic",
    links: 3,
    calls: true,
    refused: false,
    offer: "o",
    offerId: "i",
  },
  { v: 1, peerId: "0123456789abcdefghij", answer: "a", candidate: "c" },
];
const json = (value: unknown): Uint8Array<ArrayBuffer> => bytesOf(JSON.stringify(value));

/** What pages and workers, tabs, and the signalling relay say to each other. */
export const MESSAGE_TARGETS: readonly Target[] = [
  {
    name: "readAsk (page to worker)",
    seeds: seedsOf(ASKS),
    refuses: ["malformed-message", "invalid-name", "invalid-option", "part-too-large", "version-mismatch"],
    run(input) {
      const data = valueFrom(input, ASKS);
      if (!isEddyMessage(data)) return "not ours";
      const ask = readAsk(data, READERS);
      // Options are for the origin to check, and have a target of their own.
      const known = "options" in ask ? { ...ask, options: {} } : ask;
      expectDense(ask.type, known);
      expectEqual("again", readAsk({ eddy: WIRE_VERSION, ask: known }, READERS), known);
      return ask.type === "step" ? `step ${ask.step.kind}` : ask.type;
    },
  },
  {
    name: "readKept and readFault (worker to page)",
    seeds: seedsOf(TOLD),
    refuses: ["malformed-message", "invalid-name"],
    run(input) {
      const data = valueFrom(input, TOLD);
      if (!isEddyMessage(data)) return "not ours";
      const [kept, fault] = [readKept(data), readFault(data)];
      expectFinite("told", { kept, fault });
      return kept === undefined ? (fault?.fault.kind ?? "other") : "kept";
    },
  },
  {
    name: "stream options",
    seeds: seedsOf([OPTIONS]),
    refuses: ["invalid-option", "invalid-name", "deadline"],
    async run(input) {
      const options = valueFrom(input, [OPTIONS]) as StreamOptions;
      const config = resolveStreamOptions(options);
      expectFinite("config", config);
      expectEqual("again", resolveStreamOptions(config), config);
      const playlists = new Playlists();
      playlists.open("studio", { options, epoch: "e1" });
      playlists.get("studio").end();
      const text = textOf(await playlists.get("studio").multivariant("live", AbortSignal.timeout(1_000)));
      // Nothing of an option may be a line of its own.
      const odd = text.split("\n").find((line) => line !== "" && !/^#EXT|^[\w./-]+\.m3u8$/.test(line));
      if (odd !== undefined) throw new Error(`a line of the playlist: ${odd}`);
      return `${config.renditions.length} of ${config.type}, ${config.parts}`;
    },
  },
  {
    name: "TabChannel (tab to tab)",
    seeds: seedsOf(TABS),
    refuses: [],
    run(input) {
      let heard = "";
      const channel = {
        postMessage: () => undefined,
        onmessage: null as ((event: MessageEvent) => void) | null,
        close: () => undefined,
      };
      const tabs = new TabChannel({
        channel,
        clock: systemClock,
        tab: "mine",
        stats: () => {
          heard = "stats";
        },
        hello: () => {
          heard = "hello";
        },
        buffer: () => {
          heard = "buffer";
        },
        consent: (given) => {
          heard = `consent ${given}`;
        },
      });
      channel.onmessage?.({ data: valueFrom(input, TABS) } as MessageEvent);
      const { bufferAheadMs = 0 } = tabs;
      if (!Number.isFinite(bufferAheadMs) || bufferAheadMs < 0) throw new Error(`buffer of ${String(bufferAheadMs)}`);
      return heard;
    },
  },
  {
    name: "readSignalAsk and readSignalNews",
    seeds: SIGNALS.map(json),
    refuses: ["malformed-message"],
    run(input) {
      const text = textOf(input).slice(0, MAX_SIGNAL_BYTES);
      let ask = "";
      try {
        ask = readSignalAsk(text).type;
      } catch {
        return readSignalNews(text).type;
      }
      return ask;
    },
  },
  {
    name: "readPeerSignal",
    seeds: PEER_SIGNALS.map(json),
    refuses: [],
    run(input) {
      const signal = readPeerSignal(textOf(input));
      if (signal === undefined) return "not ours";
      if (!/^[0-9A-Za-z]{20}$/.test(signal.peerId) || !(signal.links >= 0)) throw new Error("not as promised");
      return Object.keys(signal).join();
    },
  },
];
