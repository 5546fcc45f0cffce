import type { Relay } from "eddy-hls";
import { DEFAULT_NAME, freeName, publishSearch } from "./address.ts";
import { h } from "./dom.ts";
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

/** What this is, and the two things one can do. */
export function homeView(main: HTMLElement, relay: Promise<Relay>, signal: AbortSignal): void {
  const oneClick = h(
    "a",
    { class: "button primary", href: `./${publishSearch({ name: DEFAULT_NAME, source: "pattern" })}` },
    "Publish the test pattern",
  );
  const list = new StreamList();
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
            "One tab encodes a camera, a screen or a file. The Service Worker of this site keeps the last minute in a ring and serves it as Low-Latency HLS. Every other tab plays it about a second later, and no media server is involved.",
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
    ),
  );
  pollStreams(list, relay, signal, (live) => {
    oneClick.setAttribute("href", `./${publishSearch({ name: freeName(live), source: "pattern" })}`);
  });
}

/** The list alone, for `?watch` without a name. */
export function watchListView(main: HTMLElement, relay: Promise<Relay>, signal: AbortSignal): void {
  const list = new StreamList();
  main.replaceChildren(
    h(
      "div",
      { class: "narrow" },
      h("div", { class: "view-head" }, h("h1", {}, "Watch")),
      h("section", { class: "panel", "aria-label": "Streams" }, list.element, watchByName()),
      h("p", { class: "aside" }, "Streams live in the browser that publishes them: any tab of it can watch."),
    ),
  );
  pollStreams(list, relay, signal, () => {});
}

function pollStreams(
  list: StreamList,
  relay: Promise<Relay>,
  signal: AbortSignal,
  onLive: (names: readonly string[]) => void,
): void {
  poll(POLL_MS, signal, async () => {
    try {
      const streams = await (await relay).streams();
      list.update(streams);
      onLive(streams.filter(({ state }) => state === "live").map(({ name }) => name));
    } catch (thrown) {
      list.fail(`The streams cannot be listed now. ${explain(thrown).cause}`);
    }
  });
}
