import { common } from "./common.ts";
import { errors } from "./errors.ts";
import { home } from "./home.ts";
import { library } from "./library.ts";
import { settings } from "./settings.ts";
import { shared } from "./shared.ts";

/** English: each view's words in a file of its own. */
export const en = { common, errors, home, library, settings, shared };
