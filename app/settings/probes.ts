import { moq, probeMoq } from "eddy-hls";
import { explain } from "../kit/messages.ts";
import type { Preferences } from "../kit/preferences.ts";
import { words } from "../words/words.ts";
import type { AddressField } from "./check-address.ts";

/** How a try went, in one sentence. */
export interface ProbeResult {
  readonly ok: boolean;
  readonly sentence: string;
}

const DEADLINE_MS = 8_000;

/** Tries to connect to what a field names. Never throws: that it does not answer is an answer. */
export async function probe(field: AddressField, preferences: Preferences): Promise<ProbeResult> {
  const sinceMs = performance.now();
  const { probes } = words.settings;
  try {
    const how = await PROBES[field](preferences);
    return { ok: true, sentence: probes.reached(Math.round(performance.now() - sinceMs), how) };
  } catch (thrown) {
    const isLate = thrown instanceof DOMException && thrown.name === "TimeoutError";
    return { ok: false, sentence: isLate ? probes.late(DEADLINE_MS / 1000) : probes.failed(reasonOf(thrown)) };
  }
}

const PROBES: Readonly<Record<AddressField, (preferences: Preferences) => Promise<string>>> = {
  async signalUrl({ signalUrl }) {
    const own = new URL("/eddy-signal", location.href);
    own.protocol = own.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(signalUrl || own);
    try {
      await opened(socket);
      return words.settings.probes.webSocket;
    } finally {
      socket.close();
    }
  },
  async turnUrl({ turnUrl, turnUser, turnPassword }) {
    const connection = new RTCPeerConnection({
      iceTransportPolicy: "relay",
      iceServers: [{ urls: turnUrl, username: turnUser, credential: turnPassword }],
    });
    try {
      connection.createDataChannel("probe");
      const relayed = relayCandidate(connection);
      await connection.setLocalDescription();
      await relayed;
      return words.settings.probes.turn;
    } finally {
      connection.close();
    }
  },
  async moqUrl({ moqUrl }) {
    const { transport, version } = await probeMoq(moq({ url: moqUrl }));
    return words.settings.probes.moq(transport, version);
  },
};

function opened(socket: WebSocket): Promise<void> {
  return settled((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(words.settings.probes.refused)));
  });
}

/** A server that gives no address of its own refuses, or is none. */
function relayCandidate(connection: RTCPeerConnection): Promise<void> {
  return settled((resolve, reject) => {
    let reason = words.settings.probes.noRelay;
    connection.addEventListener("icecandidateerror", (event) => {
      if (event.errorText !== "") reason = `${event.errorCode} ${event.errorText}`;
    });
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate === null) reject(new Error(reason));
      else if (candidate.type === "relay") resolve();
    });
  });
}

function settled(run: (resolve: () => void, reject: (reason: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    deadline.addEventListener("abort", () => reject(deadline.reason));
    run(resolve, reject);
  });
}

function reasonOf(thrown: unknown): string {
  const { code, cause, detail } = explain(thrown);
  return code === "internal" ? detail : cause;
}
