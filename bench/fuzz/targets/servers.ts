import { once } from "node:events";
import { connect } from "node:net";
import { WebSocket } from "ws";
import type { Bytes } from "../../../src/model/bytes.ts";
import { startMoqRelay } from "../../../src/node/moq-relay/moq-relay.ts";
import { serveSignal } from "../../../src/node/signal-server.ts";
import { SIGNAL_PROTOCOL } from "../../../src/wire/signal-messages.ts";
import { bytesOf, type Target, textOf } from "../target.ts";

interface Server {
  /** `ws://…` or `http://…` */
  readonly url: string;
  close(): Promise<void>;
}

/** A server has said what it has to say once it says nothing for so long. */
const QUIET_MS = 40;
const WITNESS_MS = 2_000;
const OPCODE = { text: 1, binary: 2, close: 8, ping: 9 } as const;

function handshakeFor(protocol: string): string {
  return [
    "GET / HTTP/1.1",
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    `Sec-WebSocket-Protocol: ${protocol}`,
    "\r\n",
  ].join("\r\n");
}

/** One frame of a client, under a mask of zeros, so that what it holds is changed as it stands. */
function frame(opcode: number, payload: Bytes): Bytes {
  const { byteLength } = payload;
  const length = byteLength < 126 ? [0x80 | byteLength] : [0x80 | 126, byteLength >> 8, byteLength & 0xff];
  return Uint8Array.from([0x80 | opcode, ...length, 0, 0, 0, 0, ...payload]);
}

const joined = (...pieces: readonly Bytes[]): Bytes => Uint8Array.from(pieces.flatMap((piece) => [...piece]));

/** What a server says to these bytes, until it is quiet or hangs up. */
async function said(port: number, bytes: Bytes): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  const got: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    const quiet = setTimeout(resolve, QUIET_MS);
    socket.on("data", (data: Buffer) => {
      got.push(data);
      quiet.refresh();
    });
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
  });
  socket.write(bytes);
  await ended;
  socket.destroy();
  return Buffer.concat(got);
}

/** The status of the upgrade, and the kinds of frames that came after it. */
function kindOf(answer: Buffer): string {
  const end = answer.indexOf("\r\n\r\n");
  const [status = "nothing"] = answer.toString("latin1").split("\r\n", 1);
  const kinds: string[] = [];
  for (let at = end + 4; end >= 0 && status.includes(" 101 ") && at + 1 < answer.length && kinds.length < 4; ) {
    const opcode = (answer[at] ?? 0) & 0x0f;
    const short = (answer[at + 1] ?? 0) & 0x7f;
    const [length, head] = short === 126 && at + 4 <= answer.length ? [answer.readUInt16BE(at + 2), 4] : [short, 2];
    const code = opcode === OPCODE.close && at + head + 2 <= answer.length ? answer.readUInt16BE(at + head) : "";
    kinds.push(`${opcode}${code}`);
    at += head + length;
  }
  return [status.slice(0, 40), ...kinds].join(" ");
}

/** Whoever comes next is served, whatever came before. */
async function witness(url: string, protocol: string, ask?: string): Promise<void> {
  const socket = new WebSocket(url.replace("http", "ws"), protocol);
  const signal = AbortSignal.timeout(WITNESS_MS);
  try {
    await once(socket, "open", { signal });
    if (ask === undefined) return;
    socket.send(ask);
    await once(socket, "message", { signal });
  } catch (cause) {
    throw new Error("the server serves nobody any more", { cause });
  } finally {
    socket.terminate();
  }
}

/** Raw bytes on the port of a server: those that begin a request go as they are, others behind a handshake. */
function serverTarget(options: {
  readonly name: string;
  readonly protocol: string;
  readonly start: () => Promise<Server>;
  readonly frames: readonly Bytes[];
  readonly ask?: string;
}): Target {
  const { name, protocol, start, frames, ask } = options;
  const handshake = bytesOf(handshakeFor(protocol));
  let server: Promise<Server> | undefined;
  return {
    name,
    seeds: [...frames, joined(...frames), handshake, joined(handshake, ...frames)],
    refuses: [],
    isWhole: true,
    async run(bytes) {
      server ??= start();
      const { url } = await server;
      const input = textOf(bytes.subarray(0, 3)) === "GET" ? bytes : joined(handshake, bytes);
      const answer = await said(Number(new URL(url).port), input);
      await witness(url, protocol, ask);
      return kindOf(answer);
    },
  };
}

const SUBSCRIBE = JSON.stringify({ type: "subscribe", topic: "room", name: "a" });
const MOQ_PROTOCOL = "qmux-01.moq-lite-05";

/** What listens on a port. They end with the process. */
export const SERVER_TARGETS: readonly Target[] = [
  serverTarget({
    name: "raw bytes on the port of the signalling relay",
    protocol: SIGNAL_PROTOCOL,
    start: () => serveSignal(),
    ask: SUBSCRIBE,
    frames: [
      frame(OPCODE.text, bytesOf(SUBSCRIBE)),
      frame(OPCODE.text, bytesOf(JSON.stringify({ type: "publish", topic: "room", payload: "x", names: ["a"] }))),
      frame(OPCODE.text, bytesOf(JSON.stringify({ type: "unsubscribe", topic: "room" }))),
      frame(OPCODE.ping, bytesOf("are you there")),
      frame(OPCODE.binary, Uint8Array.of(1, 2, 3)),
      frame(OPCODE.close, Uint8Array.of(0x03, 0xe8)),
    ],
  }),
  serverTarget({
    name: "raw bytes on the port of the relay of Media over QUIC",
    protocol: MOQ_PROTOCOL,
    start() {
      // @moq/net tells each stream's end on the console.
      for (const level of ["debug", "info", "warn", "error"] as const) console[level] = () => undefined;
      return startMoqRelay({ webTransport: false });
    },
    frames: [
      frame(OPCODE.binary, Uint8Array.of(0, 1, 2, 3)),
      frame(OPCODE.binary, Uint8Array.of(0x08, 0x00, 0x05, 0x01, 0x00, 0x02, 0x40, 0x40)),
      frame(OPCODE.text, bytesOf("text")),
      frame(OPCODE.ping, bytesOf("are you there")),
      frame(OPCODE.close, Uint8Array.of(0x03, 0xe8)),
    ],
  }),
];
