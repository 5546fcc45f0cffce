import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { loadCode } from "./load-code.ts";

test("code that cannot be loaded is an error with a code, which keeps its cause", async () => {
  const cause = new TypeError("Failed to fetch dynamically imported module");
  const thrown: unknown = await loadCode("publishing", Promise.reject(cause)).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(RelayError);
  expect(thrown).toMatchObject({ code: "code-unavailable", cause });
});
