import type { Target } from "./target.ts";
import { CAPTURE_TARGETS } from "./targets/capture.ts";
import { COMMAND_TARGETS } from "./targets/commands.ts";
import { MEDIA_TARGETS } from "./targets/media.ts";
import { MESSAGE_TARGETS } from "./targets/messages.ts";
import { MOQ_TARGETS } from "./targets/moq.ts";
import { PLAYLIST_TARGETS } from "./targets/playlists.ts";
import { RECORD_TARGETS } from "./targets/records.ts";
import { REQUEST_TARGETS } from "./targets/requests.ts";
import { SERVER_TARGETS } from "./targets/servers.ts";
import { wireTargets } from "./targets/wire.ts";

/** Every decoder of what comes from outside. `corpus` is the text of `src/wire/corpus.txt`. */
export function targetsOf(corpus: string): readonly Target[] {
  return [
    ...wireTargets(corpus),
    ...MEDIA_TARGETS,
    ...REQUEST_TARGETS,
    ...MESSAGE_TARGETS,
    ...MOQ_TARGETS,
    ...PLAYLIST_TARGETS,
    ...RECORD_TARGETS,
    ...CAPTURE_TARGETS,
    ...COMMAND_TARGETS,
    ...SERVER_TARGETS,
  ];
}
