import { expect, test } from "vitest";
import { connectMoq } from "./moq-connection.ts";

test("whoever issues tokens and never answers is waited for no longer than the connection", async () => {
  const aborter = new AbortController();
  const connecting = connectMoq(
    { url: "https://relay.example/", token: () => new Promise<string>(() => undefined) },
    aborter.signal,
  );
  aborter.abort(new Error("too late"));
  await expect(connecting).rejects.toThrow("too late");
});
