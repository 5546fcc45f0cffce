import { serveRelay } from "./index.ts";
import { type ShellFile, serveShell } from "./shell.ts";

declare const self: ServiceWorkerGlobalScope & {
  /** Written in by the build; there is none in development. */
  readonly __WB_MANIFEST?: readonly ShellFile[];
};

const shell = self.__WB_MANIFEST;

// First: what stands under its base is the relay's, and never the shell's.
serveRelay(self, {
  base: "/live/",
  dvr: {},
  // A recording has a place as long as it is kept; its rings are empty until it is live again.
  cache: { numPlaylists: 64 },
});
if (shell !== undefined) serveShell(shell);
