import { clips, diagnostics, dvr, serveRelay } from "./index.ts";
import { type ShellFile, serveShell } from "./shell.ts";

declare const self: ServiceWorkerGlobalScope & {
  /** Written in by the build; there is none in development. */
  readonly __WB_MANIFEST?: readonly ShellFile[];
};

const shell = self.__WB_MANIFEST;

// First: what stands under its base is the relay's, and never the shell's.
serveRelay(self, {
  base: "/live/",
  dvr: dvr(),
  clips: clips(),
  diagnostics: diagnostics(),
  // A stream keeps its place when it has ended, while there is one: its rings are small when nobody publishes into them.
  cache: { numPlaylists: 16 },
});
if (shell !== undefined) serveShell(self, shell);
