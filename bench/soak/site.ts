import { readFile } from "node:fs/promises";
import { bundlePages } from "../../e2e/kit-site.ts";
import { type Site, serveBuild } from "../../e2e/site.ts";
import { SERVES } from "./plan.ts";

export const PAGE = "/bench/soak/page/soak.html";
const TOLD = "/soak-worker-told/";

/** Tells the site of what nobody caught in the worker, in a request that the worker does not answer itself. */
const TELL = `
for (const kind of ["unhandledrejection", "error"]) self.addEventListener(kind, (event) => {
  const { reason = event.error, message } = event;
  void fetch("${TOLD}" + encodeURIComponent(kind + ": " + String(reason?.stack ?? reason ?? message).slice(0, 1500)));
});
`;

export interface SoakSite extends Site {
  /** What nobody caught in the worker. */
  readonly told: string[];
  /** Serves another script as the worker from now on. Returns its number, which it says when it is asked. */
  release(): number;
}

/** Serves the soak's page, and the library's worker with an ear for what nobody caught in it. */
export async function serveSoak(): Promise<SoakSite> {
  const told: string[] = [];
  const files = new Map(await bundlePages([PAGE]));
  const worker = await readFile("dist/eddy-worker.js", "utf8");
  let release = 0;
  const put = (): void => {
    const said = `addEventListener("message", ({ data, ports: [port] }) => { if (data === "release") port?.postMessage(${release}); });`;
    files.set("/sw.js", `${TELL}${said}\n${worker}\nEddyWorker.serveRelay(self, ${SERVES});`);
  };
  put();
  const site = await serveBuild({
    files,
    answer(path) {
      if (!path.startsWith(TOLD)) return undefined;
      told.push(decodeURIComponent(path.slice(TOLD.length)));
      return Promise.resolve("");
    },
  });
  return {
    ...site,
    told,
    release() {
      release += 1;
      put();
      return release;
    },
  };
}
