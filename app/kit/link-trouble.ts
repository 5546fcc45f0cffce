import { RelayError } from "eddy-hls";
import { words } from "../words/words.ts";
import { type Explanation, explain } from "./messages.ts";

type Parameter = "origin" | "headers" | "moq" | "server" | "certificate" | "key" | "signal";
/** Of a link that watches a stream, or publishes one. */
type LinkAddress = { readonly [Each in Parameter]?: string };

/** Parameters of a link, by what the library calls what they are given as. */
const PARAMETERS: ReadonlyMap<string, readonly Parameter[]> = new Map([
  ["url", ["origin", "moq", "server"]],
  ["signedHeaders", ["headers"]],
  ["certificateHashes", ["certificate"]],
  ["fingerprint", ["key"]],
  ["signalling.urls", ["signal"]],
]);

/** Why a link cannot be followed: which of its parameters is wrong, what it is, and what is expected. */
export function explainLink(thrown: unknown, address: LinkAddress): Explanation {
  const explanation = explain(thrown);
  if (!(thrown instanceof RelayError) || thrown.code !== "invalid-option") return explanation;
  const [, what = "", expected = "", got = ""] = /^(.+?): expected (.+), got (.*)$/s.exec(thrown.message) ?? [];
  const given = got.replace(/^"(.*)"$/s, "$1");
  const parameter = PARAMETERS.get(what)?.find((each) => address[each]?.includes(given));
  const { wrong, together, remedy } = words.errors.link;
  if (parameter !== undefined) return { ...explanation, cause: wrong(parameter, given, expected), remedy };
  // What is wrong with how its parameters go together names no value of one; all else comes from the settings.
  return /^(?:"|peers: |origin: )/.test(thrown.message)
    ? { ...explanation, cause: together(thrown.message), remedy }
    : explanation;
}
