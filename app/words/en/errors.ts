import type { RelayErrorCode } from "eddy-hls";
import type { AppErrorCode } from "../../kit/app-error.ts";

export interface Sentences {
  readonly cause: string;
  readonly remedy: string;
}

const RELOAD = "Reload the page. If it happens again, the details below help to find out why.";
const NAME_RULE = "A name has 1 to 64 letters, digits, dots, hyphens or underscores, such as studio-2.";
const BAD_MEDIA = "Go live again; another source or latency may do where this one does not.";
const REQUEST = "Reload the page, which starts the player anew.";

/** What went wrong: why, and what the person can do. A new code without its sentences does not compile. */
const codes = {
  "invalid-name": { cause: "That name cannot be used.", remedy: NAME_RULE },
  "invalid-option": { cause: "One of the settings is out of range.", remedy: "Choose another value and try again." },
  "stream-not-found": {
    cause: "There is no stream of that name in this browser.",
    remedy: "Check the name, or publish it from another tab.",
  },
  "rendition-not-found": {
    cause: "The stream has changed and no longer offers this picture.",
    remedy: REQUEST,
  },
  "stream-exists": {
    cause: "A stream of that name is live already, probably from another tab.",
    remedy: "End it there, or choose another name.",
  },
  "stream-limit": {
    cause: "This browser keeps as many streams as it has room for.",
    remedy: "End a stream in another tab, then go live again.",
  },
  "stream-ended": {
    cause: "The stream has ended, so nothing can be added to it.",
    remedy: "Go live again; the same name may be used.",
  },
  "diagnostics-off": {
    cause: "This site does not let pages look into its relay.",
    remedy: "Whoever runs the site can allow it where the worker is set up.",
  },
  "malformed-init": { cause: "The encoder described its video in a way that cannot be served.", remedy: BAD_MEDIA },
  "malformed-part": { cause: "The encoder gave a piece of video that is damaged.", remedy: BAD_MEDIA },
  "track-mismatch": { cause: "The encoder gave a piece of video that belongs to another track.", remedy: BAD_MEDIA },
  "init-missing": { cause: "Video came before its description, so it cannot be played.", remedy: BAD_MEDIA },
  "part-too-long": {
    cause: "The source gives fewer pictures than the chosen latency needs.",
    remedy: "Choose a higher latency, or another source.",
  },
  "part-too-large": {
    cause: "A piece of the video is larger than this browser keeps in one piece.",
    remedy: "Choose a lower latency, or a source with a smaller picture.",
  },
  "timeline-jump": {
    cause: "The video jumped back in time, or ahead over a long stretch.",
    remedy: "Go live again.",
  },
  "out-of-order": { cause: "Pieces of the video arrived in the wrong order.", remedy: "Go live again." },
  conflict: {
    cause: "Another tab has taken over this name, and the two cannot both write.",
    remedy: "End one of them, or go live under another name.",
  },
  "malformed-path": { cause: "The player asked for an address that cannot exist.", remedy: REQUEST },
  "malformed-directive": { cause: "The player asked for the playlist in a way that is not allowed.", remedy: REQUEST },
  "reload-without-msn": { cause: "The player asked for a part without saying of which segment.", remedy: REQUEST },
  "reload-too-far-ahead": {
    cause: "The player asked for video that is too far in the future.",
    remedy: "Check that the clock of this machine is right, then reload the page.",
  },
  "range-not-satisfiable": {
    cause: "The player asked for bytes that a piece of video does not have.",
    remedy: REQUEST,
  },
  "method-not-allowed": { cause: "Something tried to write where one can only read.", remedy: REQUEST },
  "media-not-found": {
    cause: "That moment is no longer kept.",
    remedy: "Jump to the live moment, or to a later one.",
  },
  "waiter-limit": {
    cause: "Too many players of this browser wait for the same stream.",
    remedy: "Close a few of the tabs that watch it.",
  },
  deadline: {
    cause: "Something took longer than it may.",
    remedy: "Try again. Closing tabs helps if the machine is busy.",
  },
  "unsupported-browser": {
    cause: "This browser lacks something the demo needs, or keeps it from this page.",
    remedy: "Use a current Chrome, Edge, Firefox or Safari, in an ordinary window, over https or on localhost.",
  },
  "page-not-controlled": {
    cause: "The Service Worker runs, but does not answer for this page. A forced reload does that.",
    remedy: "Reload the page in the ordinary way.",
  },
  "version-mismatch": {
    cause: "This page and its Service Worker are of different versions.",
    remedy: "Close the other tabs of this site, then reload the page.",
  },
  "malformed-message": {
    cause: "This page and its Service Worker did not understand each other.",
    remedy: "Close the other tabs of this site, then reload the page.",
  },
  "worker-unreachable": {
    cause: "The Service Worker that keeps the streams does not start or does not answer.",
    remedy:
      "Check that this site may store data (private windows and strict settings forbid it), then reload the page.",
  },
  "code-unavailable": {
    cause: "A part of this site that is needed for that could not be loaded.",
    remedy: "Check the network, then reload the page.",
  },
  closed: { cause: "The connection to the Service Worker was closed.", remedy: "Reload the page to open it again." },
  "source-denied": {
    cause: "The browser was not allowed to use the camera, the microphone or the screen.",
    remedy: "Allow it in the address bar or in the system settings, then try again. Sound can be left out below.",
  },
  "source-missing": {
    cause: "No camera or microphone was found.",
    remedy: "Connect one or end the program that uses it, then try again. Without a microphone, leave out the sound.",
  },
  "source-lost": {
    cause: "The source is gone: unplugged, no longer shared, or no longer readable.",
    remedy:
      "The stream goes on with the last picture. Switch the source to take it up anew, or to go on with another one.",
  },
  "unsupported-media": {
    cause: "This browser cannot read or encode that source.",
    remedy: "Choose another file, such as an MP4 with H.264 or a WebM, or another source.",
  },
  "encoder-failed": {
    cause: "The video encoder stopped working, again and again.",
    remedy: "Close other tabs that use video, then go live again.",
  },
  "store-unavailable": {
    cause: "This browser does not let the site store data, so streams are kept in memory only.",
    remedy:
      "Check that this site may store data (private windows and strict settings forbid it), then reload the page.",
  },
  "store-newer": {
    cause:
      "A newer version of this site stored the recordings. They are left as they are, and streams are kept in memory only.",
    remedy: "Close all tabs of this site and open it again, so that the newer version starts.",
  },
  "store-full": {
    cause: "The storage is full: the oldest minutes go, and what is live goes on.",
    remedy: "Delete a stream or unpin one, or free space on this device.",
  },
  "store-corrupt": {
    cause: "Something that was stored cannot be read. It is left out, and the rest plays.",
    remedy: "Nothing needs to be done.",
  },
  "malformed-frame": {
    cause: "Another viewer's browser sent something that cannot be read, and was let go.",
    remedy: "Nothing needs to be done.",
  },
  unproven: {
    cause: "Video came that its publisher did not sign. None of it was shown.",
    remedy: "Check that the link is the one the publisher gave you.",
  },
  stale: {
    cause: "Another viewer's browser sent video of long ago. None of it was shown.",
    remedy: "Nothing needs to be done.",
  },
  "peers-unavailable": {
    cause: "Other viewers cannot be reached from here.",
    remedy: "Playback goes on without them, where the stream has another source.",
  },
  "origin-unreachable": {
    cause: "The server this stream comes from does not answer.",
    remedy: "It is asked again by itself. Check the address and the network if that takes long.",
  },
  "origin-malformed": {
    cause: "What the server sent is no stream that can be followed.",
    remedy: "Check that the address is that of an HLS playlist with fragmented MP4.",
  },
  "relay-unreachable": {
    cause: "The relay this stream comes over does not answer, or nobody publishes the stream there.",
    remedy: "It is tried again by itself. Check the address and the network if that takes long.",
  },
  "relay-malformed": {
    cause: "What the relay sent is no stream that can be played here.",
    remedy: "Check that it is published as CMAF, with H.264, AV1, AAC or Opus.",
  },
  internal: { cause: "Something happened that was not foreseen.", remedy: RELOAD },
  "player-not-loaded": {
    cause: "The player could not be loaded.",
    remedy: "Check that the site can be reached, then reload the page.",
  },
  "player-not-supported": {
    cause: "This browser cannot play video that is put together by a page (Media Source Extensions).",
    remedy: "Use a current Chrome, Edge, Firefox or Safari.",
  },
  "player-gave-up": {
    cause: "The player failed several times in a row and stopped trying.",
    remedy: "Try again, or reload the page.",
  },
  "controls-not-loaded": {
    cause: "The controls of the player could not be loaded, so the browser's own stand in.",
    remedy: "Check that the site can be reached, then reload the page.",
  },
  "clip-failed": {
    cause: "The clip could not be read to its end, so nothing was saved.",
    remedy: "Its beginning may have left what is stored while it was read: mark a later one, and try again.",
  },
  "no-picture": {
    cause: "The stream began, and no picture of it came.",
    remedy: "Try again. Closing other tabs that use video helps if the machine is busy.",
  },
  "export-failed": {
    cause: "The file could not be written to its end, and is not complete.",
    remedy: "Check that there is room where it is saved, then export it again.",
  },
  "name-kept": {
    cause: "A recording of that name is kept in this browser, and going live under it would replace it.",
    remedy: "Choose another name, or delete the recording in the library first.",
  },
  "no-file-chosen": { cause: "No file is chosen yet.", remedy: "Choose a video file, or drop one on this page." },
} satisfies Record<RelayErrorCode | AppErrorCode, Sentences>;

/** What is said differently when the stream goes on all the same. */
const warnings: Partial<Record<RelayErrorCode, Sentences>> = {
  "source-missing": {
    cause: "No microphone was found, so the stream has no sound.",
    remedy: "To add it, connect one, and switch the source to the camera anew.",
  },
  "encoder-failed": {
    cause: "The encoder stopped and was started again.",
    remedy: "Viewers may have seen a short break; there is nothing to do unless it happens again.",
  },
  "unsupported-media": {
    cause: "Part of the source could not be read or encoded.",
    remedy: "The stream goes on with what is left of it.",
  },
  "part-too-long": {
    cause: "A piece of the video was too long for the chosen latency and was left out.",
    remedy: "If viewers see breaks, end the stream and go live with a higher latency.",
  },
  "malformed-part": {
    cause: "A damaged piece of the video was left out.",
    remedy: "Viewers may have seen a short break; there is nothing to do unless it happens again.",
  },
};

/** What a link says that cannot be followed. */
const link = {
  wrong: (parameter: string, value: string, expected: string): string =>
    `The link has “${value}” as its parameter “${parameter}”, which has to be ${expected}.`,
  together: (complaint: string): string => `The link cannot be followed: ${complaint}.`,
  remedy: "Correct it in the address bar, or ask whoever gave it to you for another one.",
};

export const errors = { codes, warnings, link };
