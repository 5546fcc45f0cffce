import { type Relay, type Session, setUploadConsent } from "eddy-hls";
import { beforeEach, expect, test, vi } from "vitest";
import type { JoinAddress } from "../address.ts";
import { JoinedStream } from "./joined-stream.ts";

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal("location", new URL("https://live.example/?watch=studio&peers=on"));
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  });
});

/** What is told of a person's consent as a stream is joined. */
async function toldOnJoining(peers: JoinAddress["peers"], hasAgreed = false): Promise<readonly boolean[]> {
  const told: boolean[] = [];
  const session = {
    attach: () => undefined,
    setConsent: (given: boolean) => void told.push(given),
    stats: () => ({}),
    addEventListener: () => undefined,
    close: async () => undefined,
  } as unknown as Session;
  const nothing = (): void => undefined;
  const joined = new JoinedStream(
    "studio",
    { peers, unsigned: false },
    {
      signal: new AbortController().signal,
      listener: { changed: nothing, problem: nothing, solved: nothing, failed: nothing, shared: nothing },
    },
  );
  const relay = { join: async () => session } as unknown as Relay;
  await joined.join(relay, {} as HTMLVideoElement, hasAgreed);
  return told;
}

test("who asks for other viewers gives as well, and so does who agrees to a link", async () => {
  expect(await toldOnJoining("on")).toEqual([true]);
  expect(await toldOnJoining("ask", true)).toEqual([true]);
});

test("a link does not take back that this browser is to pass nothing on; only who agrees does", async () => {
  setUploadConsent(false);
  expect(await toldOnJoining("on")).toEqual([]);
  expect(await toldOnJoining("ask", true)).toEqual([true]);
});

test("a link that cannot be followed is told by its parameter, and no stream is waited for", async () => {
  const failed: string[] = [];
  const nothing = (): void => undefined;
  const joined = new JoinedStream(
    "studio",
    { peers: "off", moq: "relay.example", unsigned: false },
    {
      signal: new AbortController().signal,
      listener: {
        changed: nothing,
        problem: nothing,
        solved: nothing,
        failed: ({ cause }) => void failed.push(cause),
        shared: nothing,
      },
    },
  );
  expect(joined.mayCome).toBe(true);
  await joined.join({} as Relay, {} as HTMLVideoElement, false);
  expect(failed).toEqual([expect.stringContaining("“relay.example” as its parameter “moq”")]);
  expect([joined.state, joined.mayCome]).toEqual(["failed", false]);
});
