import { openRelay } from "eddy-hls";
import { type Address, readAddress } from "./address.ts";
import { offerInstall } from "./kit/install.ts";
import { explain } from "./kit/messages.ts";
import { NoticeBoard, showUnforeseen } from "./kit/notice.ts";
import { keepOfflineCopy } from "./kit/offline-copy.ts";
import { sayFrame } from "./kit/page-frame.ts";
import { readPreferences } from "./kit/preferences.ts";
import { tellOfUpdates } from "./kit/updates.ts";
import type { PageContext, View } from "./kit/view.ts";
import type { EddyHandle } from "./kit/window.ts";
import { languageFor, speak, words } from "./words/words.ts";

/** States of a view in which a stream of this page would end with it. */
const BUSY: ReadonlySet<unknown> = new Set(["starting", "live", "ending"]);

/** An element that index.html holds. */
function part(selector: string): HTMLElement {
  const element = document.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`index.html has no ${selector}`);
  return element;
}

async function start(): Promise<void> {
  const board = new NoticeBoard(part("#notices"));
  showUnforeseen(board);
  const address = readAddress(location.search);
  const { body } = document;
  body.dataset.view = address.view;
  document.querySelector(`[data-nav="${address.view}"]`)?.setAttribute("aria-current", "page");

  const left = new AbortController();
  const relay = openRelay({ worker: "/sw.js", base: "/live/" });
  let view: View | undefined;
  let session: EddyHandle["session"];
  const shared = (now: EddyHandle["session"]): void => {
    session = now;
    if (window.eddy !== undefined) window.eddy.session = now;
  };
  relay.then(
    (open) => {
      void keepOfflineCopy(left.signal);
      window.eddy = { relay: open, session, stats: () => view?.stats() ?? {} };
    },
    // The views say it where they need the relay; here it stands for the whole page.
    (thrown: unknown) =>
      board.show(explain(thrown), { action: { label: words.common.reload, run: () => location.reload() } }),
  );
  // A page that comes back from the back/forward cache has lost its ports and its encoder: it starts again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  window.addEventListener("pagehide", () => left.abort());

  const languageReady = speak(languageFor(readPreferences().language));
  const open = await load(address);
  await languageReady;
  sayFrame(address.view);
  offerInstall(part(".site-header nav"));
  tellOfUpdates(board, () => BUSY.has(view?.stats().state));
  view = open({ main: part("#main"), relay, signal: left.signal, shared });
}

/** Each view is loaded when it is shown. */
async function load(address: Address): Promise<(context: PageContext) => View> {
  switch (address.view) {
    case "home": {
      const { HomeView } = await import("./home/home-view.ts");
      return (context) => new HomeView(context);
    }
    case "publish": {
      const { PublishView } = await import("./publish/publish-view.ts");
      return (context) => new PublishView(context, address);
    }
    case "watch": {
      if (address.name === "") {
        const { WatchListView } = await import("./watch/watch-list-view.ts");
        return (context) => new WatchListView(context);
      }
      const { WatchView } = await import("./watch/watch-view.ts");
      return (context) => new WatchView(context, address);
    }
    case "library": {
      const { LibraryView } = await import("./library/library-view.ts");
      return (context) => new LibraryView(context);
    }
    case "inspect": {
      const { InspectView } = await import("./inspect/inspect-view.ts");
      return (context) => new InspectView(context, address);
    }
    case "settings": {
      const { SettingsView } = await import("./settings/settings-view.ts");
      return (context) => new SettingsView(context);
    }
  }
}

void start();
