import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  announcement,
  type ClientTransport,
  connectTo,
  frame,
  publish,
  STUDIO,
  text,
} from "./moq-client.test-support.ts";
import { startMoqRelay } from "./moq-relay.ts";
import { MOQ_VERSIONS, type MoqVersion } from "./versions.ts";

beforeAll(() => {
  // @moq/net tells each stream's end on the console.
  for (const level of ["debug", "info", "warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

function closed<T extends { close(): unknown }>(one: T): T {
  open.push(one);
  return one;
}

const ALPN: Readonly<Partial<Record<MoqVersion, string>>> = {
  "moq-lite-01": "moql",
  "moq-lite-02": "moql",
  "moq-transport-14": "moql",
  "moq-transport-15": "moqt-15",
  "moq-transport-16": "moqt-16",
  "moq-transport-17": "moqt-17",
  "moq-transport-18": "moqt-18",
  "moq-transport-19": "moqt-19",
  "moq-transport-20": "moqt-20",
};
/** The native server does not answer subprotocols: over WebTransport, the first message says the version. */
const OVER_WEBTRANSPORT = MOQ_VERSIONS.filter((version) => ALPN[version] === "moql");

describe.each<{ version: MoqVersion; over: ClientTransport }>([
  ...MOQ_VERSIONS.map((version) => ({ version, over: "websocket" as const })),
  ...OVER_WEBTRANSPORT.map((version) => ({ version, over: "webtransport" as const })),
])("$version over $over", ({ version, over }) => {
  test("carries groups of several frames from a publisher to a viewer, and to one that comes later", async () => {
    const relay = closed(await startMoqRelay({ versions: [version] }));
    const options = { over, alpn: ALPN[version] ?? version };
    const publisher = closed(await connectTo(relay, options));
    const viewer = closed(await connectTo(relay, options));
    expect([publisher.version, viewer.version, publisher.transport]).toEqual([version, version, over]);
    const { track } = publish(publisher);
    expect(await announcement(viewer.announced())).toBe("+studio");

    const first = track.appendGroup();
    first.writeFrame(frame("a0"));
    const subscriber = viewer.consume(STUDIO).track("video").subscribe();
    const group = await subscriber.recvGroup();
    expect(text((await group?.readFrame())?.payload)).toBe("a0");
    first.writeFrame(frame("a1"));
    expect(text((await group?.readFrame())?.payload)).toBe("a1");
    first.close();
    expect(await group?.readFrame()).toBeUndefined();

    const second = track.appendGroup();
    second.writeFrame(frame("b0"));
    const next = await subscriber.recvGroup();
    expect(next?.sequence).toBe(1);
    expect(text((await next?.readFrame())?.payload)).toBe("b0");

    // Late: from the start of the newest group, out of what the relay kept.
    const late = closed(await connectTo(relay, options));
    const lateGroup = await late.consume(STUDIO).track("video").subscribe().recvGroup();
    expect(lateGroup?.sequence).toBe(1);
    expect(text((await lateGroup?.readFrame())?.payload)).toBe("b0");
    second.writeFrame(frame("b1"));
    expect(text((await lateGroup?.readFrame())?.payload)).toBe("b1");
    expect(text((await next?.readFrame())?.payload)).toBe("b1");
    expect(relay.stats.subscriptions).toEqual({ "studio/video": 2 });
  });
});
