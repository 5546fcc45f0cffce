import { common } from "./common.ts";
import { watch } from "./watch.ts";

/** English: each view's words in a file of its own. */
export const en = { common, watch };
