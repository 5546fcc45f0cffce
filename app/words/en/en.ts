import { common } from "./common.ts";
import { inspect } from "./inspect.ts";
import { publish } from "./publish.ts";
import { watch } from "./watch.ts";

/** English: each view's words in a file of its own. */
export const en = { common, inspect, publish, watch };
