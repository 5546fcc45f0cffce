import { common } from "./common.ts";
import { errors } from "./errors.ts";
import { home } from "./home.ts";
import { inspect } from "./inspect.ts";
import { library } from "./library.ts";
import { publish } from "./publish.ts";
import { settings } from "./settings.ts";
import { shared } from "./shared.ts";
import { watch } from "./watch.ts";

/** English: each view's words in a file of its own. */
export const en = { common, errors, home, inspect, library, publish, settings, shared, watch };
