// The entry points that Node loads: the portable core answers a request, and the kit makes media.
import { createMatch, Playlists } from "eddy-hls/core";
import { synthesize } from "eddy-hls/testing";

const response = await createMatch(new Playlists())(new Request("http://localhost/live/stats.json"));
const { bytes } = (await synthesize()).part("v0", 0, 333);
console.log(response?.status, bytes.byteLength > 0);
