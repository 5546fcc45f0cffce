import type { Relay, RelayStats, StorageStats, StreamSummary } from "eddy-hls";
import { h, setText } from "../kit/dom.ts";
import { fileSize, plural } from "../kit/format.ts";
import { explain, explainCode, explainWarning } from "../kit/messages.ts";
import { NoticeBoard } from "../kit/notice.ts";
import { KeepSafe } from "./keep-safe.ts";
import { KeptList } from "./kept-list.ts";

/** When this person was told of which trouble of the disk: once, in whichever tab. */
const TOLD_KEY = "eddy.storage-trouble-told.";
/** A disk that is still full a day later is told of again. */
const TELL_AGAIN_MS = 24 * 3_600_000;

/** What this browser keeps, how much that is, and how safe. */
export class KeptPanel {
  readonly element: HTMLElement;
  readonly #heading = h("h2", { id: "kept-heading", tabindex: -1 }, "Kept in this browser");
  readonly #sum = h("p", { class: "soft" }, "Looking for what is kept…");
  readonly #meter = h("meter", {
    min: 0,
    max: 1,
    value: 0,
    "aria-label": "Used of what this site may store",
    hidden: true,
  });
  readonly #hint = h(
    "p",
    { class: "note", hidden: true },
    "When room is needed, the oldest goes first. What is pinned stays.",
  );
  readonly #done = h("p", { class: "visually-hidden", role: "status" });
  readonly #problems: NoticeBoard;
  readonly #list: KeptList;
  readonly #safe = new KeepSafe();

  /** `onChanged` is called when a look at the streams is due at once. */
  constructor(relay: Promise<Relay>, onChanged: () => void) {
    const problems = h("div", { class: "notices" });
    this.#problems = new NoticeBoard(problems);
    const done = (sentence: string): void => {
      setText(this.#done, sentence);
      onChanged();
    };
    this.#list = new KeptList(relay, {
      changed: done,
      removed: (sentence) => {
        // The last row has no neighbour that could take the focus.
        if (document.activeElement === document.body) this.#heading.focus();
        done(sentence);
      },
      failed: (thrown) => this.#problems.show(explain(thrown)),
    });
    this.element = h(
      "section",
      { class: "panel kept-panel", "aria-labelledby": "kept-heading" },
      h("div", { class: "kept-panel-head" }, this.#heading, this.#sum),
      this.#meter,
      problems,
      this.#list.element,
      this.#hint,
      this.#safe.element,
      this.#done,
    );
  }

  /** `streams` are all there are; those that nobody has asked for yet are not in the stats. */
  update(streams: readonly StreamSummary[], stats: RelayStats): void {
    const { storage } = stats;
    const shown = streams.filter(({ kept, windowMs }) => kept !== undefined || windowMs > 0);
    this.#list.update(shown);
    this.#hint.hidden = shown.length === 0 || storage === undefined;
    this.#safe.element.classList.toggle("unneeded", storage === undefined);
    setText(this.#sum, sumOf(shown.length, stats));
    const { sizeBytes = 0, quotaBytes = 0 } = storage ?? {};
    this.#meter.hidden = shown.length === 0 || quotaBytes === 0;
    this.#meter.max = Math.max(1, quotaBytes);
    this.#meter.value = sizeBytes;
    if (storage?.trouble !== undefined) this.#tell(storage.trouble);
  }

  fail(sentence: string): void {
    setText(this.#sum, sentence);
  }

  #tell({ code, message, atMs }: NonNullable<StorageStats["trouble"]>): void {
    const toldMs = Number(localStorage.getItem(TOLD_KEY + code) ?? 0);
    if (atMs < toldMs + TELL_AGAIN_MS) return;
    localStorage.setItem(TOLD_KEY + code, String(atMs));
    this.#problems.show(explainWarning(code, message), { tone: "warning" });
  }
}

function sumOf(recordings: number, { storage, persistenceError }: RelayStats): string {
  if (storage === undefined) {
    if (persistenceError === undefined) return "Nothing is kept on disk here: what was live ends with the browser.";
    const [code = ""] = persistenceError.split(":", 1);
    const { cause, remedy } = explainCode(code, persistenceError);
    return `${cause} ${remedy}`;
  }
  if (recordings === 0) {
    return "Nothing yet. What is published here is recorded as it goes, and can be watched later, also without a network.";
  }
  const { sizeBytes, quotaBytes } = storage;
  const sum = `${plural(recordings, "recording")}, ${fileSize(sizeBytes)}`;
  return quotaBytes === undefined ? `${sum}.` : `${sum} of the ${fileSize(quotaBytes)} this site may store.`;
}
