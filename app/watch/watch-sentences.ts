/** `absent`: not published yet. `opening`: found, first media on its way. `over`: ended, and played to its end. */
export type WatchState = "absent" | "opening" | "playing" | "stalled" | "paused" | "over" | "failed";

/**
 * How far a stream is joined that comes from other pages. `asked`: nothing is connected until the person agrees. `joined`: it comes from
 * them, or will; `none`: this browser has it.
 */
export type JoinState = "none" | "asked" | "joined";

/** What stands before somebody who has not agreed yet. */
const ASK_SENTENCE =
  "This stream is passed on from viewer to viewer. To watch it, this browser connects to those of other viewers: they see its network address, and it sends on to them what it receives.";

/** What the watch view knows as it speaks. */
export interface Watched {
  readonly name: string;
  readonly state: WatchState;
  readonly join: JoinState;
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
export function coverOf(watched: Watched): { title: string; text: string } | undefined {
  switch (watched.state) {
    case "absent":
      return absentCover(watched);
    case "opening":
      return watched.playsFrom === "live"
        ? { title: "Starting", text: "The first segment of a new stream takes about two seconds." }
        : { title: "Opening what is kept", text: "It plays from its start." };
    case "over":
      return { title: "The stream has ended", text: "If it is published again, it starts here by itself." };
    case "failed":
      return { title: "This cannot be played", text: "Why, and what may help, stands below." };
    default:
      return undefined;
  }
}

function absentCover({ name, join, everPlayed }: Watched): { title: string; text: string } {
  if (join === "asked") return { title: `Watch ${name} with others?`, text: ASK_SENTENCE };
  if (everPlayed)
    return { title: `${name} is gone`, text: "Its publisher has left. If it comes back, it starts here by itself." };
  if (join === "joined")
    return { title: `Looking for ${name}`, text: "It starts here by itself as soon as somebody who has it is found." };
  return { title: `${name} is not live yet`, text: "It starts here by itself as soon as it is." };
}

/** For the live region: says what changed, and nothing that ticks. */
export function statusOf(watched: Watched): string {
  switch (watched.state) {
    case "absent":
      return watched.join === "asked"
        ? "Nothing is connected yet: this page waits for your choice."
        : "Waiting for the stream. This page looks for it every second.";
    case "opening":
      return "Loading the stream.";
    case "playing":
      return playingStatus(watched);
    case "stalled":
      return watched.isAway
        ? "The publisher sends nothing at the moment. Its tab may be closed or its machine asleep."
        : "Waiting for video.";
    case "paused":
      return "Paused.";
    case "over":
      return "The stream has ended.";
    case "failed":
      return "Playback has stopped.";
  }
}

function playingStatus({ isLive, isAway, isOnline, listIsLive, playsFrom, isNearLive }: Watched): string {
  if (!isLive && !isOnline) return "Offline: playing what is stored.";
  if (isAway) return "The publisher is away. Playing what is stored.";
  if (listIsLive === false) {
    return playsFrom === "start" ? "Playing the recording." : "The stream has ended. This is the rest of it.";
  }
  return isNearLive ? "Playing live." : "Playing from further back.";
}
