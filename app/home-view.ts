import type { Relay } from "eddy-hls";
import { DEFAULT_NAME, freeName, namesInUse, publishSearch } from "./address.ts";
import { h } from "./dom.ts";
import { KeptPanel } from "./kept-panel.ts";
import { explain } from "./messages.ts";
import { poll } from "./poll.ts";
import { ringPicture } from "./ring-picture.ts";
import { StreamList } from "./stream-list.ts";

/** Gentle: the list is a convenience, and each look is one message to the worker. */
const POLL_MS = 2_000;

/** The form that watches by name needs no script: it asks for `?watch=<name>`. */
function watchByName(): HTMLFormElement {
  return h(
    "form",
    { class: "by-name", action: "./", method: "get" },
    h("label", { for: "watch-name" }, "Or by its name"),
    h(
      "div",
      { class: "field-row" },
      h("input", {
        id: "watch-name",
        name: "watch",
        required: true,
        maxlength: 64,
        pattern: "[A-Za-z0-9._\\-]{1,64}",
        title: "Letters, digits, dots, hyphens and underscores",
        placeholder: DEFAULT_NAME,
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
      }),
      h("button", { class: "button" }, "Watch"),
    ),
  );
}

/** What this is, the two things one can do, and what is kept. */
export function homeView(main: HTMLElement, relay: Promise<Relay>, signal: AbortSignal): void {
  const oneClick = h(
    "a",
    { class: "button primary", href: `./${publishSearch({ name: DEFAULT_NAME, source: "pattern" })}` },
    "Publish the test pattern",
  );
  const list = new StreamList();
  const kept = new KeptPanel(relay, () => lookNow());
  const ring = ringPicture();
  main.replaceChildren(
    h(
      "div",
      { class: "home" },
      h(
        "section",
        { class: "hero" },
        h(
          "div",
          {},
          h("h1", {}, "Live video, served from inside the browser."),
          h(
            "p",
            { class: "lead" },
            "One tab encodes a camera, a screen or a file. The Service Worker of this site keeps the last minute in a ring and serves it as Low-Latency HLS. Every other tab plays it about a second later, and it is recorded as it goes. No media server is involved.",
          ),
        ),
        ring,
      ),
      h(
        "div",
        { class: "actions-grid" },
        h(
          "section",
          { class: "panel", "aria-labelledby": "publish-heading" },
          h("h2", { id: "publish-heading" }, "Publish"),
          h(
            "p",
            { class: "soft" },
            "The test pattern is a picture with a clock in it and a soft tone. It asks for no permission.",
          ),
          h(
            "div",
            { class: "button-row" },
            oneClick,
            h("a", { class: "button", href: "./?publish" }, "Camera, screen or file"),
          ),
        ),
        h(
          "section",
          { class: "panel", "aria-labelledby": "watch-heading" },
          h("h2", { id: "watch-heading" }, "Watch"),
          list.element,
          watchByName(),
        ),
      ),
      kept.element,
    ),
  );
  const lookNow = pollStreams({ list, kept }, relay, signal, (names) => {
    oneClick.setAttribute("href", `./${publishSearch({ name: freeName(names), source: "pattern" })}`);
  });
}

/** What is live and what is kept, for `?watch` without a name. */
export function watchListView(main: HTMLElement, relay: Promise<Relay>, signal: AbortSignal): void {
  const list = new StreamList();
  const kept = new KeptPanel(relay, () => lookNow());
  main.replaceChildren(
    h(
      "div",
      { class: "narrow" },
      h("div", { class: "view-head" }, h("h1", {}, "Watch")),
      h("section", { class: "panel", "aria-label": "Streams" }, list.element, watchByName()),
      kept.element,
      h("p", { class: "aside" }, "Streams live in the browser that publishes them: every tab of it can watch."),
    ),
  );
  const lookNow = pollStreams({ list, kept }, relay, signal, () => {});
}

/** Gives a function that looks at once. */
function pollStreams(
  { list, kept }: { readonly list: StreamList; readonly kept: KeptPanel },
  relay: Promise<Relay>,
  signal: AbortSignal,
  onNames: (names: readonly string[]) => void,
): () => void {
  return poll({ everyMs: POLL_MS, signal, onlyShown: true }, async () => {
    try {
      const open = await relay;
      const [streams, stats] = await Promise.all([open.streams(), open.stats()]);
      list.update(streams.filter(({ state }) => state !== "ended"));
      kept.update(streams, stats);
      onNames(namesInUse(streams));
    } catch (thrown) {
      const { cause } = explain(thrown);
      list.fail(`The streams cannot be listed now. ${cause}`);
      kept.fail(`What is kept cannot be listed now. ${cause}`);
    }
  });
}
