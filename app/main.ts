import { openRelay, type Relay } from "eddy-hls";
import { readAddress } from "./address.ts";
import { homeView, watchListView } from "./home-view.ts";
import { explain } from "./messages.ts";
import { NoticeBoard, showUnforeseen } from "./notice.ts";
import { PublishView } from "./publish-view.ts";
import { WatchView } from "./watch-view.ts";
import type { EddyHandle } from "./window.ts";

/** An element that index.html holds. */
function part(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`index.html has no ${selector}`);
  return element;
}

function start(): void {
  const board = new NoticeBoard(part("#notices"));
  showUnforeseen(board);
  const main = part("#main");
  const address = readAddress(location.search);
  part("body").dataset.view = address.view;
  document.querySelector(`[data-nav="${address.view}"]`)?.setAttribute("aria-current", "page");

  const left = new AbortController();
  const relay = openRelay({ worker: "/sw.js", base: "/live/" });
  let session: EddyHandle["session"];
  const shared = (now: EddyHandle["session"]): void => {
    session = now;
    if (window.eddy !== undefined) window.eddy.session = now;
  };
  const stats = show(address, main, relay, { signal: left.signal, shared });
  relay.then(
    (open) => {
      window.eddy = { relay: open, session, stats };
    },
    // The views say it where they need the relay; here it stands for the whole page.
    (thrown: unknown) => board.show(explain(thrown), { action: { label: "Reload", run: () => location.reload() } }),
  );
  // A page that comes back from the back/forward cache has lost its ports and its encoder: it starts again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  window.addEventListener("pagehide", () => left.abort());
}

function show(
  address: ReturnType<typeof readAddress>,
  main: HTMLElement,
  relay: Promise<Relay>,
  { signal, shared }: { readonly signal: AbortSignal; readonly shared: (session: EddyHandle["session"]) => void },
): EddyHandle["stats"] {
  switch (address.view) {
    case "home":
      homeView(main, relay, signal);
      return undefined;
    case "publish": {
      const view = new PublishView(main, address, relay, { signal, shared });
      return () => view.stats();
    }
    case "watch": {
      if (address.name === "") {
        watchListView(main, relay, signal);
        return undefined;
      }
      const view = new WatchView(main, address, relay, { signal, shared });
      return () => view.stats();
    }
  }
}

start();
