import { words } from "../words/words.ts";
import type { NoticeBoard } from "./notice.ts";

const LOOK_AGAIN_MS = 2_000;

/**
 * Says that another version of the application has taken over, which this page has to be loaded anew for; not while a stream of this page would end
 * with it.
 */
export function tellOfUpdates(board: NoticeBoard, isBusy: () => boolean): void {
  const { serviceWorker } = navigator as { readonly serviceWorker?: ServiceWorkerContainer };
  // The first worker of all takes a page over that is of its own version.
  if (serviceWorker?.controller == null) return;
  const tell = (): void => {
    if (isBusy()) {
      setTimeout(tell, LOOK_AGAIN_MS);
      return;
    }
    const { ready, remedy } = words.common.update;
    board.show(
      { code: "update", cause: ready, remedy, detail: "" },
      { tone: "warning", dismissable: true, action: { label: words.common.reload, run: () => location.reload() } },
    );
  };
  serviceWorker.addEventListener("controllerchange", tell, { once: true });
}
