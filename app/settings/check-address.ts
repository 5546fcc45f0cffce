/** What is wrong with an address; undefined where nothing is, and where there is none. */
export type AddressFault = "no-url" | "wrong-scheme" | undefined;

/** Of each field, how its address may begin. */
const SCHEMES = {
  signalUrl: /^wss?:$/,
  turnUrl: /^turns?:$/,
  moqUrl: /^https?:$/,
} as const;

export type AddressField = keyof typeof SCHEMES;

/** Says whether a field may hold this. Empty is allowed: it is the default. */
export function addressFault(field: AddressField, text: string): AddressFault {
  if (text === "") return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return "no-url";
  if (!SCHEMES[field].test(url.protocol)) return "wrong-scheme";
  // `turn:` is followed by a host alone, which a URL takes for a path.
  return (field === "turnUrl" ? url.pathname.replace(/^\/+/, "") : url.hostname) === "" ? "no-url" : undefined;
}
