import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { type CarriageServer, startCarriageServer } from "../../../e2e/carriage-server.ts";
import { systemClock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import { eventually } from "../../model/eventually.test-support.ts";
import { type PartKey, PIECE_SIZE_BYTES, type StreamCard } from "../../model/part-header.ts";
import { loadWebTransport } from "../../node/web-transport/native.ts";
import { Transport } from "../../node/web-transport/transport.ts";
import { HeaderSigner } from "../../swarm/proof/header-signer.ts";
import { KeyPair } from "../../swarm/proof/key-pair.ts";
import { sha256 } from "../../swarm/proof/sha256.ts";
import { signCard } from "../../swarm/proof/sign-card.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import { encodeFrame } from "../../wire/peer-frame-codec.ts";
import type { RelayFeedOptions } from "../session/relay-feed.ts";
import { testCard } from "../session/session.test-support.ts";
import type { CarriageConnect } from "./web-transport-connection.ts";
import { WebTransportFeed } from "./web-transport-feed.ts";
import { webtransport } from "./web-transport-source.ts";
import { WebTransportUplink } from "./web-transport-uplink.ts";

const PARTS_PER_SEGMENT = 4;
const INIT = Uint8Array.from({ length: 900 }, (_, index) => index);

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

async function server(): Promise<CarriageServer> {
  const started = startCarriageServer({ port: await freePort() });
  open.push(started);
  return started;
}

/** As a browser connects, by the client of the same package. */
const connect: CarriageConnect = async ({ url, certificateHashes }) => {
  const native = loadWebTransport();
  if (typeof native === "string") throw new Error(native);
  const hashes = certificateHashes.map((hash) => Buffer.from(hash, "hex"));
  const carrier = new Transport(await native.NapiClient.withCertificateHashes(hashes).connect(url));
  const closed = carrier.closed.then(() => undefined);
  return { relay: url, version: "eddy-1", transport: "webtransport", closed, close: () => carrier.close(), carrier };
};

const sourceOf = ({ url, certificateHash }: CarriageServer) =>
  webtransport({ url: `${url}studio`, certificateHashes: [certificateHash] });

/** A page that publishes: it signs, and sends what the test says. */
class TestPublisher {
  readonly uplink: WebTransportUplink;
  readonly keys: KeyPair;
  readonly #signer: HeaderSigner;
  #revision = 0;
  #next = 0;

  private constructor(uplink: WebTransportUplink, keys: KeyPair) {
    this.uplink = uplink;
    this.keys = keys;
    this.#signer = new HeaderSigner({ epoch: "e1", keys });
  }

  static async open(source: ReturnType<typeof sourceOf>): Promise<TestPublisher> {
    const { options } = testCard();
    const rest = { name: "studio", options, clock: systemClock, random: Math.random };
    const publisher = new TestPublisher(new WebTransportUplink(source, rest, connect), await KeyPair.generate());
    open.push(publisher.uplink);
    await publisher.card();
    publisher.uplink.provideInit(await sha256(INIT), INIT, 0);
    return publisher;
  }

  async card(ended?: readonly PartKey[]): Promise<void> {
    this.#revision += 1;
    const { publicKey: _, ...card } = testCard({ revision: this.#revision, ...(ended === undefined ? {} : { ended }) });
    this.uplink.setCard(await signCard(card, this.keys));
  }

  /** The next part, of `size` bytes. */
  async part(size = PIECE_SIZE_BYTES + 9): Promise<void> {
    const number = this.#next++;
    const bytes = new Uint8Array(size).fill(number);
    const signed = await this.#signer.sign({ ...factsOf(number), initDigest: await sha256(INIT) }, bytes);
    this.uplink.provide(signed, bytes);
  }

  async parts(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.part();
  }
}

/** A page that watches, and what it was told. */
function watch(source: ReturnType<typeof sourceOf>, { keys }: TestPublisher, swarm?: RelayFeedOptions["swarm"]) {
  const heard = { cards: [] as StreamCard[], inits: [] as Uint8Array[], parts: [] as SharedPart[] };
  const closed = new AbortController();
  const options: RelayFeedOptions = {
    name: "studio",
    clock: systemClock,
    random: Math.random,
    proof: new StreamProof({ fingerprint: keys.fingerprint, name: "studio" }),
    swarm,
    last: () => undefined,
    listener: {
      card: async (card) => void heard.cards.push(card),
      init: (_, bytes) => void heard.inits.push(bytes),
      part: (part) => void heard.parts.push(part),
      list: () => undefined,
      miss: () => undefined,
      trouble: () => undefined,
    },
  };
  const feed = new WebTransportFeed(source, options, connect);
  const running = feed.run(closed.signal);
  open.push({
    close: async () => {
      closed.abort();
      await running;
    },
  });
  return { feed, ...heard, numbers: () => heard.parts.map(({ bytes }) => bytes[0]).sort((a = 0, b = 0) => a - b) };
}

const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, index) => from + index);

describe("from a publisher, through a server, to a viewer", () => {
  test("every part comes once, proven, with its card and init segment", async () => {
    const source = sourceOf(await server());
    const publisher = await TestPublisher.open(source);
    const viewer = watch(source, publisher);
    await publisher.parts(20);
    await eventually(() => expect(viewer.numbers()).toEqual(upTo(20)));
    expect(viewer.parts.every(({ bytes }) => bytes.byteLength === PIECE_SIZE_BYTES + 9)).toBe(true);
    expect(viewer.cards.map(({ epoch }) => epoch)).toEqual(["e1"]);
    expect(viewer.inits[0]).toEqual(INIT);
    expect(viewer.feed.stats.relay).toMatchObject({
      state: "open",
      transport: "webtransport",
      refused: 0,
      subscriptions: 1,
    });
    expect(viewer.feed.stats.parts).toBe(20);
  });

  test("who comes late gets the last two segments, and who was there hears of the end", async () => {
    const served = await server();
    const source = sourceOf(served);
    const publisher = await TestPublisher.open(source);
    await publisher.parts(18);
    await eventually(() => expect(served.room("studio")?.stats.keptParts).toBe(18));
    const viewer = watch(source, publisher);
    await eventually(() => expect(viewer.numbers()).toEqual(upTo(18, 12)));
    await publisher.card([{ rendition: 0, msn: 14, part: 1 }]);
    await eventually(() => expect(viewer.cards.at(-1)?.ended).toEqual([{ rendition: 0, msn: 14, part: 1 }]));
  });

  test("a session that is lost is opened again, and nothing is missing or comes twice", async () => {
    const served = await server();
    const source = sourceOf(served);
    const publisher = await TestPublisher.open(source);
    const viewer = watch(source, publisher);
    await publisher.parts(6);
    await eventually(() => expect(viewer.numbers()).toEqual(upTo(6)));
    served.disconnect();
    await publisher.parts(6);
    await eventually(() => expect(viewer.numbers()).toEqual(upTo(12)));
    expect(viewer.feed.stats.relay.sessions).toBe(2);
    expect(publisher.uplink.stats).toMatchObject({ sessions: 2, refused: 0 });
  });

  test("with a swarm it sends what the swarm asks for, and nothing else", async () => {
    const source = sourceOf(await server());
    const publisher = await TestPublisher.open(source);
    const announced: PartKey[] = [];
    const provided: number[] = [];
    const failed: PartKey[] = [];
    const viewer = watch(source, publisher, {
      announce: (key) => void announced.push(key),
      provide: (_, bytes) => void provided.push(bytes[0] ?? -1),
      provideInit: () => undefined,
      fetchFailed: (key) => void failed.push(key),
      setCard: () => undefined,
    });
    await publisher.parts(8);
    await eventually(() => expect(announced).toHaveLength(8));
    const { signal } = new AbortController();
    viewer.feed.fetch({ rendition: 0, msn: 11, part: 2 }, signal);
    viewer.feed.fetch({ rendition: 0, msn: 99, part: 0 }, signal);
    await eventually(() => expect([provided, failed]).toEqual([[6], [{ rendition: 0, msn: 99, part: 0 }]]));
    expect(viewer.parts).toEqual([]);
  });
});

describe("what is wrong", () => {
  test("a part of another key is not believed, and those of the right one go on", async () => {
    const source = sourceOf(await server());
    const publisher = await TestPublisher.open(source);
    const viewer = watch(source, publisher);
    await publisher.parts(2);
    await eventually(() => expect(viewer.numbers()).toEqual(upTo(2)));
    const liar = await new HeaderSigner({ epoch: "e1", keys: await KeyPair.generate() }).sign(
      { ...factsOf(5), initDigest: await sha256(INIT) },
      Uint8Array.of(66),
    );
    publisher.uplink.provide(liar, Uint8Array.of(66));
    await eventually(() => expect(viewer.feed.stats.relay.lastRefusal).toMatch(/^unproven/));
    await publisher.parts(1);
    await eventually(() => expect(viewer.numbers()).toEqual(upTo(3)));
  });

  test.each([
    { what: "no hello", says: () => [encodeFrame({ kind: "subscribe", of: 1, substreams: 1 })] },
    { what: "bytes that are no frame", says: () => [new Uint8Array(64).fill(0xff)] },
  ])("$what costs the session, and nobody else", async ({ says }) => {
    const served = await server();
    const source = sourceOf(served);
    const { carrier, closed } = await connect(source, new AbortController().signal);
    const { writable } = await carrier.createBidirectionalStream();
    const writer = writable.getWriter();
    for (const bytes of says()) await writer.write(bytes).catch(() => undefined);
    await closed;
    const publisher = await TestPublisher.open(source);
    const viewer = watch(source, publisher);
    await publisher.parts(1);
    await eventually(() => expect(viewer.numbers()).toEqual([0]));
  });

  test.each([
    { options: { url: "http://localhost:1/studio" }, tells: "expected a URL of https" },
    { options: { url: "https://localhost/studio#top" }, tells: "fragment" },
    { options: { url: "https://localhost/studio", certificateHashes: ["00"] }, tells: "64 hex digits" },
  ])("$options is refused", ({ options, tells }) => {
    expect(() => webtransport(options)).toThrow(tells);
    expect(() => webtransport(options)).toThrow(RelayError);
  });
});

function factsOf(number: number) {
  return {
    rendition: 0,
    msn: 10 + Math.floor(number / PARTS_PER_SEGMENT),
    part: number % PARTS_PER_SEGMENT,
    durationMs: 250,
    independent: number % PARTS_PER_SEGMENT === 0,
    gap: false,
    discontinuity: false,
    programDateTimeMs: 1_700_000_000_000 + number * 250,
  };
}
