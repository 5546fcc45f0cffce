import { common } from "./common.ts";

/** English: each view's words in a file of its own. */
export const en = { common };
