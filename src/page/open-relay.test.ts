import { afterEach, expect, test, vi } from "vitest";
import { openRelay } from "./open-relay.ts";

afterEach(() => vi.unstubAllGlobals());

test("gives up where the server never answers for the worker's script", async () => {
  vi.stubGlobal("origin", "https://example.org");
  vi.stubGlobal("navigator", { serviceWorker: { register: () => new Promise(() => undefined) } });
  const aborter = new AbortController();
  const opening = openRelay({ signal: aborter.signal });
  opening.catch(() => undefined);
  await Promise.resolve();
  aborter.abort();
  await expect(opening).rejects.toMatchObject({ code: "worker-unreachable" });
});
