import { integerOf } from "../reader/attributes.ts";
import { type Exchange, resolveUri } from "../reader/exchange.ts";
import { hintOf, type MediaPlaylist } from "../reader/media-playlist.ts";
import type { Asker } from "./asker.ts";
import type { Checker } from "./checker.ts";
import { outcomeOfHint } from "./next-part.ts";

/** Hints that came to nothing are forgotten in time. */
const MAX_HINTED = 5;

/** Asks for every other hinted part before it is there, so that listed parts are asked for too; and for hints that were dropped. */
export class HintWatch {
  readonly #asker: Asker;
  readonly #checker: Checker;
  readonly #parts = new Map<string, Promise<Exchange>>();
  readonly #openRanges = new Map<string, { readonly startBytes: number; readonly answer: Promise<Exchange> }>();
  #count = 0;

  constructor(asker: Asker, checker: Checker) {
    this.#asker = asker;
    this.#checker = checker;
  }

  /** Looks at the hint of a full playlist, and at what came of the one before. */
  take(playlist: MediaPlaylist, before: MediaPlaylist | undefined): void {
    if (before !== undefined) this.#checkDropped(before, playlist);
    const hint = hintOf(playlist, "PART");
    const uri = hint?.values.get("URI");
    if (uri === undefined || playlist.ended) return;
    const url = resolveUri(uri, playlist.url);
    if (this.#parts.has(url) || this.#openRanges.has(url)) return;
    this.#count += 1;
    if (this.#count % 2 === 0) return;
    const startBytes = integerOf(hint?.values.get("BYTERANGE-START"));
    const deadlineMs = 3 * (playlist.targetDurationMs ?? 6_000) + 5_000;
    const range = startBytes === undefined ? {} : { range: `bytes=${startBytes}-` };
    const answer = this.#asker.ask({ kind: "part", url, deadlineMs, ...range });
    answer.catch(() => undefined); // the run is over
    if (startBytes === undefined) keepNewest(this.#parts, url, answer);
    // The answer goes on until the segment is closed: it is held against the whole segment then.
    else keepNewest(this.#openRanges, url, { startBytes, answer });
  }

  /** The answer of a part that was asked for while it was hinted; handed out once. */
  claim(url: string): Promise<Exchange> | undefined {
    const answer = this.#parts.get(url);
    this.#parts.delete(url);
    return answer;
  }

  /** Holds the rest of a segment, asked for while it grew, against the whole of it. */
  async checkOpenRange(whole: Exchange): Promise<void> {
    const open = this.#openRanges.get(whole.url);
    if (open === undefined) return;
    this.#openRanges.delete(whole.url);
    const answer = await open.answer;
    this.#checker.run("openRange", { url: whole.url }, (check, report) =>
      check({ startBytes: open.startBytes, exchange: answer, segment: whole.bytes }, report),
    );
  }

  /** 6.2.6: what was hinted and is not published any more must not be found. */
  #checkDropped(before: MediaPlaylist, after: MediaPlaylist): void {
    const hint = outcomeOfHint(before, after);
    if (hint?.outcome !== "dropped") return;
    const url = resolveUri(hint.uri, after.url);
    const line = hint.next?.part.line;
    this.#asker.ask({ kind: "probe", url, deadlineMs: 2 * (after.targetDurationMs ?? 6_000) }).then(
      (exchange) =>
        this.#checker.run("dropped", { url, playlist: after }, (check, report) => check({ line, exchange }, report)),
      () => undefined, // the run is over
    );
  }
}

function keepNewest<T>(map: Map<string, T>, key: string, value: T): void {
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size >= MAX_HINTED) map.delete(oldest);
  map.set(key, value);
}
