import { TestOrigin } from "../test-origin.ts";
import type { OriginHost } from "./live-origin.ts";

/** Each stream behind an HTTP server of its own, in the process of the test: for any browser, and any page, whatever workers it has. */
export function openHttpHost({ base }: { readonly base: string }): OriginHost {
  const closing: (() => Promise<void>)[] = [];
  return {
    async start(options) {
      // Not for who imports the kit into a page.
      const { serveNode } = await import("../../node/serve-node.ts");
      const origin = await TestOrigin.start(options, { base });
      const server = await serveNode(origin.match);
      const stop = async (): Promise<void> => {
        origin.stop();
        await server.close();
      };
      closing.push(stop);
      return {
        name: options.name ?? "test",
        url: new URL(origin.path, server.url).href,
        dvrUrl: new URL(origin.path.replace(/main\.m3u8$/, "dvr.m3u8"), server.url).href,
        nowMs: async () => origin.nowMs,
        advance: (durationMs) => origin.advance(durationMs),
        addFaults: (faults) => origin.addFaults(...faults),
        trace: async () => origin.trace(),
        stop: async () => origin.stop(),
      };
    },
    async close() {
      await Promise.all(closing.map((stop) => stop()));
    },
  };
}
