/** What a person has chosen on this device, for every stream. */
export interface Preferences {
  /** Code of the interface's language; empty for the browser's. */
  readonly language: string;
  /** How this browser takes part among viewers. */
  readonly peersMode: "share" | "receive-only" | "relay-only" | "off";
  /** Most that is sent to other viewers, over all of them, in kbit/s; 0 for no limit. */
  readonly uploadKbps: number;
  /** Most that is sent to other viewers in a calendar month, in MB; 0 for no limit. */
  readonly uploadMonthlyMB: number;
  /** Sends to others while the tab is hidden. */
  readonly uploadInBackground: boolean;
  /** Sends to others also where bytes cost money. */
  readonly uploadOnMetered: boolean;
  /** `ws:` or `wss:` URL of the signalling relay; empty for the one beside this page. */
  readonly signalUrl: string;
  /** URL of a TURN server, with its user and password; empty for none. */
  readonly turnUrl: string;
  readonly turnUser: string;
  readonly turnPassword: string;
  /** URL of a relay of Media over QUIC to publish over; empty for none. */
  readonly moqUrl: string;
  /** Keys of a live stream's controls that are single letters. */
  readonly studioKeys: boolean;
  /** How far from the live moment to play, in ms; 0 for as near as possible. */
  readonly latencyMs: number;
  /** Keys of the player that are single letters. */
  readonly playerKeys: boolean;
  /** What stands beside the picture is shown. */
  readonly watchDetails: boolean;
}

const DEFAULTS: Preferences = {
  language: "",
  peersMode: "share",
  uploadKbps: 0,
  uploadMonthlyMB: 0,
  uploadInBackground: true,
  uploadOnMetered: false,
  signalUrl: "",
  turnUrl: "",
  turnUser: "",
  turnPassword: "",
  moqUrl: "",
  studioKeys: true,
  latencyMs: 0,
  playerKeys: true,
  watchDetails: true,
};

const KEY = "eddy.preferences";

/** What is stored, where it is of the right type, else the default: another release, or another script, may have written it. */
export function readPreferences(storage: Pick<Storage, "getItem"> = localStorage): Preferences {
  let stored: unknown;
  try {
    stored = JSON.parse(storage.getItem(KEY) ?? "{}");
  } catch {
    stored = undefined; // no storage, or not JSON
  }
  const known = Object.entries(DEFAULTS).map(([name, value]) => {
    const found = (stored as Readonly<Record<string, unknown>> | null | undefined)?.[name];
    return [name, typeof found === typeof value ? found : value];
  });
  return Object.fromEntries(known) as unknown as Preferences;
}

/** Stores what changed. @throws DOMException where this browser lets the site store nothing */
export function changePreferences(
  changes: Partial<Preferences>,
  storage: Pick<Storage, "getItem" | "setItem"> = localStorage,
): Preferences {
  const changed = { ...readPreferences(storage), ...changes };
  storage.setItem(KEY, JSON.stringify(changed));
  return changed;
}
