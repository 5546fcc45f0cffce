/** What follows an origin, apart from the rest: who joins by peers or a relay alone never loads it. */
export { followOrigin } from "../../follow/follow-origin.ts";
export { OriginFeed } from "./origin-feed.ts";
export { signedHeaders } from "./signed-headers.ts";
