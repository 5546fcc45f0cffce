import type { Clock } from "../../model/clock.ts";
import { pageStore } from "./page-store.ts";
import type { UploadWorld } from "./upload-policy.ts";

/** The Network Information API, which Chromium alone has. @see https://wicg.github.io/netinfo/ */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly saveData?: boolean;
}

/** Where bytes are paid for one by one. */
const METERED_TYPES: ReadonlySet<string> = new Set(["cellular", "wimax"]);
/** A new month, and what other tabs have sent, are seen within this. */
const LOOK_MS = 60_000;

/** What an upload policy looks at, in a page. A browser that does not tell its network counts as unmetered. */
export function pageWorld(clock: Clock): UploadWorld {
  const { connection } = navigator as Navigator & { readonly connection?: NetworkInformation };
  return {
    clock,
    store: pageStore(),
    get hidden() {
      return document.visibilityState === "hidden";
    },
    get metered() {
      return METERED_TYPES.has(connection?.type ?? "");
    },
    get saveData() {
      return connection?.saveData === true;
    },
    onChange(listener) {
      const aborter = new AbortController();
      const { signal } = aborter;
      document.addEventListener("visibilitychange", listener, { signal });
      window.addEventListener("pagehide", listener, { signal });
      connection?.addEventListener("change", listener, { signal });
      let cancel: () => void;
      const tick = (): void => {
        cancel = clock.after(LOOK_MS, tick);
        listener();
      };
      cancel = clock.after(LOOK_MS, tick);
      return () => {
        aborter.abort();
        cancel();
      };
    },
  };
}
