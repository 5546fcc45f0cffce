import { RelayError } from "../model/errors.ts";

/**
 * Waits for code that is loaded when it is first used: `loadCode("publishing", import("./publisher.ts"))`.
 * @throws RelayError `code-unavailable`, as where the network is gone, or the site has been deployed anew meanwhile
 */
export async function loadCode<T>(what: string, code: Promise<T>): Promise<T> {
  try {
    return await code;
  } catch (cause) {
    throw new RelayError("code-unavailable", `the code for ${what} could not be loaded`, { cause });
  }
}
