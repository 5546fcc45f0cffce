import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { TEST_VIDEO, testInit, testPart } from "../../media/media.test-support.ts";
import { systemClock } from "../../model/clock.ts";
import { KeyPair } from "../../swarm/proof/key-pair.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import { Seeder } from "../session/seeder.ts";
import { MoqFeed } from "./moq-feed.ts";
import { moq } from "./moq-source.ts";
import { MoqUplink } from "./moq-uplink.ts";

/** The relay for development; its sources know another host's types than a page's (tsconfig.*.json). */
interface RelayModule {
  readonly startMoqRelay: (options: {
    readonly versions: readonly string[];
    readonly webTransport: boolean;
  }) => Promise<{
    readonly url: string;
    close(): Promise<void>;
  }>;
}
const NODE = new URL("../../node/moq-relay/", import.meta.url).pathname;
const { startMoqRelay } = (await import(`${NODE}moq-relay.ts`)) as RelayModule;
const { MOQ_VERSIONS } = (await import(`${NODE}versions.ts`)) as { readonly MOQ_VERSIONS: readonly string[] };

const PARTS = 10;
const OPTIONS = {
  renditions: [{ id: "main", bandwidth: 1_000_000, codecs: "avc1.42c01f", width: 640, height: 360 }],
  partTargetMs: 200,
  targetDurationMs: 1_000,
  segmentMinMs: 800,
};
let keys: KeyPair;

beforeAll(async () => {
  vi.stubGlobal("WebSocket", WebSocket);
  for (const level of ["debug", "warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
  keys = await KeyPair.generate();
});
afterAll(() => void vi.unstubAllGlobals());

/** Of a browser; each has a relay that speaks no other. `@moq/net` offers no 19 over WebSocket. */
const VERSIONS = MOQ_VERSIONS.filter((version) => version !== "moq-transport-19");

test.each(VERSIONS)(
  "a signed stream goes over a WebSocket in %s, to who is there and to who comes later",
  async (version) => {
    const relay = await startMoqRelay({ versions: [version], webTransport: false });
    const source = moq({ url: relay.url, name: "live/studio" });
    const over = new AbortController();
    const common = { name: "studio", clock: systemClock, random: () => 0 };
    const uplink = new MoqUplink(source, { ...common, options: OPTIONS });
    const watch = () => {
      const seen = new Set<string>();
      const feed = new MoqFeed(source, {
        ...common,
        proof: new StreamProof({ fingerprint: keys.fingerprint, name: "studio" }),
        swarm: undefined,
        last: () => undefined,
        listener: {
          card: async () => undefined,
          init: () => undefined,
          list: () => undefined,
          part: ({ key }) => seen.add(`${key.msn}.${key.part}`),
          miss: () => undefined,
          trouble: () => undefined,
        },
      });
      void feed.run(over.signal);
      return { feed, seen };
    };
    try {
      const seeder = new Seeder({ name: "studio", options: OPTIONS, epoch: "e1", keys, sinks: [uplink] });
      await seeder.open();
      seeder.taken("main", { kind: "init", bytes: testInit({ video: TEST_VIDEO }) }, {});
      const publish = async (n: number): Promise<void> => {
        const bytes = testPart({
          firstFrame: n * 6,
          frames: 6,
          independent: n % 4 === 0,
          audio: false,
          bytesPerFrame: 4_000,
        });
        const step = { kind: "part", bytes, durationMs: 200, independent: n % 4 === 0 } as const;
        seeder.taken("main", step, { position: { msn: 1 + Math.floor(n / 4), part: n % 4 } });
        await seeder.settled();
      };
      await publish(0);
      const first = watch();
      await vi.waitUntil(() => first.seen.has("1.0"), { timeout: 10_000 });
      for (let n = 1; n < PARTS - 1; n++) await publish(n);
      const second = watch();
      await vi.waitUntil(() => second.seen.has("3.0"), { timeout: 10_000 });
      await publish(PARTS - 1);
      const all = Array.from({ length: PARTS }, (_, n) => `${1 + Math.floor(n / 4)}.${n % 4}`);
      await vi.waitUntil(() => all.every((id) => first.seen.has(id)) && second.seen.has("3.1"), { timeout: 10_000 });
      expect(first.feed.stats.relay).toMatchObject({ version, transport: "websocket", refused: 0 });
    } finally {
      over.abort();
      uplink.close();
      await relay.close();
    }
  },
);
