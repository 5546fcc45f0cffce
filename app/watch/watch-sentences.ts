import { words } from "../words/words.ts";

/** `absent`: not published yet. `opening`: found, first media on its way. `over`: ended, and played to its end. */
export type WatchState = "absent" | "opening" | "playing" | "stalled" | "paused" | "over" | "failed";

/**
 * How far a stream is joined that comes from other pages. `asked`: nothing is connected until the person agrees. `joined`: it comes from
 * them, or will; `none`: this browser has it; `failed`: it is elsewhere, and cannot be joined as the link says.
 */
export type JoinState = "none" | "asked" | "joined" | "failed";

/** What the watch view knows as it speaks. */
export interface Watched {
  readonly name: string;
  readonly state: WatchState;
  readonly join: JoinState;
  /** It is joined from a server or a relay, whether other viewers have it or not. */
  readonly hasServer: boolean;
  /** Something of it was seen here before. */
  readonly everPlayed: boolean;
  readonly playsFrom: "live" | "start";
  /** A publisher sends, as the relay told last. */
  readonly isLive: boolean;
  /** The publisher sends nothing, though it did not end the stream. */
  readonly isAway: boolean;
  readonly isOnline: boolean;
  /** False once the playlist says that nothing more will come; undefined before it is there. */
  readonly listIsLive: boolean | undefined;
  /** The picture is about as near to the live moment as the player aims at. */
  readonly isNearLive: boolean;
}

/** What stands over the picture while there is none. */
export function coverOf(watched: Watched): { readonly title: string; readonly text: string } | undefined {
  const { cover } = words.watch;
  switch (watched.state) {
    case "absent":
      return absentCover(watched);
    case "opening":
      return watched.playsFrom === "live" ? cover.starting : cover.openingKept;
    case "over":
      return cover.over;
    case "failed":
      return cover.failed;
    default:
      return undefined;
  }
}

function absentCover({ name, join, hasServer, everPlayed }: Watched): {
  readonly title: string;
  readonly text: string;
} {
  const { cover } = words.watch;
  if (join === "asked") return cover.ask(name);
  if (everPlayed) return cover.gone(name);
  if (join === "failed") return cover.notJoined(name);
  if (join === "none") return cover.notLive(name);
  return hasServer ? cover.fetching(name) : cover.looking(name);
}

/** For the live region: says what changed, and nothing that ticks. */
export function statusOf(watched: Watched): string {
  const { status } = words.watch;
  switch (watched.state) {
    case "absent":
      if (watched.join === "failed" && !watched.everPlayed) return status.notJoined;
      return watched.join === "asked" ? status.asked : status.absent;
    case "stalled":
      if (watched.isAway) return status.silent;
      return watched.isOnline ? status.stalled : status.stalledOffline;
    case "playing":
      return playingStatus(watched);
    default:
      return status[watched.state];
  }
}

function playingStatus({ isLive, isAway, isOnline, listIsLive, playsFrom, isNearLive }: Watched): string {
  const { status } = words.watch;
  if (!isLive && !isOnline) return status.offline;
  if (isAway) return status.away;
  if (listIsLive === false) return playsFrom === "start" ? status.recording : status.rest;
  return isNearLive ? status.live : status.behind;
}

/** On the badge beside the title. */
export function badgeOf({ state, join, isAway, listIsLive }: Watched): {
  readonly text: string;
  readonly isLive: boolean;
} {
  const { badge } = words.watch;
  const still = (text: string) => ({ text, isLive: false });
  if (state === "failed") return still(badge.stopped);
  if (state === "absent") return still(join === "none" ? badge.notLive : badge.notConnected);
  if (state === "over") return still(badge.ended);
  if (isAway) return still(badge.away);
  return listIsLive === false ? still(badge.ended) : { text: badge.live, isLive: true };
}
