import type { StreamSummary } from "eddy-hls";

/** The sources the publish view offers, in the order it shows them. */
export const SOURCE_KINDS = ["pattern", "camera", "screen", "file"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export const DEFAULT_NAME = "studio";
const MAX_NAME_LENGTH = 64;
const DEFAULT_PART_TARGET_MS = 333;
/** What the address may ask for: no live encoder cuts other parts. */
const MIN_PART_TARGET_MS = 50;
const MAX_PART_TARGET_MS = 6_000;

/** What an address says of other viewers. */
export interface PeersAddress {
  /** `on`: the person who opened it wants them. `ask`: this is a link that somebody gave, and its reader decides. */
  readonly peers: "on" | "off" | "ask";
  /** Where viewers find each other. Default: beside this page. */
  readonly signal?: string;
}

/** What an address says of a relay of Media over QUIC, or of a server of one's own. */
export interface MoqAddress {
  /** Its URL, with a token where it wants one. */
  readonly moq?: string;
  /** Of the stream at a server that takes parts over WebTransport, without MoQ. */
  readonly server?: string;
  /** SHA-256 of its certificate, in hex, where nobody vouches for that: of a relay for development. */
  readonly certificate?: string;
}

/** Where a stream comes from that no tab of this browser publishes. */
export interface JoinAddress extends PeersAddress, MoqAddress {
  readonly origin?: string;
  /** Where `npx eddy-hls sign` serves the headers of that origin. */
  readonly headers?: string;
  /** Fingerprint of the key that signs the stream. */
  readonly key?: string;
  readonly unsigned: boolean;
}

export interface PublishAddress extends PeersAddress, MoqAddress {
  readonly view: "publish";
  /** Empty when the address only asks for the form. */
  readonly name: string;
  readonly source: SourceKind;
  readonly partTargetMs: number;
  /** Parameters that could not be followed, as sentences; then nothing starts by itself. */
  readonly complaints: readonly string[];
}

export interface WatchAddress {
  readonly view: "watch";
  /** Empty when the address only asks for the list. */
  readonly name: string;
  /** Absent where the stream is this browser's own. */
  readonly join?: JoinAddress;
}

export interface InspectAddress {
  readonly view: "inspect";
  /** The stream that is looked into; empty for the first there is. */
  readonly name: string;
}

export type Address =
  | { readonly view: "home" | "library" | "settings" }
  | PublishAddress
  | WatchAddress
  | InspectAddress;

/**
 * Reads the address parameters: `?publish=<name>&source=&partTargetMs=&peers=on&signal=&moq=&server=&certificate=`,
 * `?watch=<name>&origin=&headers=&moq=&server=&certificate=&key=&peers=on|off&signal=&integrity=none`, `?library`, `?inspect=<name>`, `?settings`, or
 * none.
 */
export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search);
  const watch = parameters.get("watch");
  const publish = parameters.get("publish");
  if (publish === null) return watch === null ? otherAddress(parameters) : watchAddress(watch.trim(), parameters);

  const complaints: string[] = [];
  if (watch !== null) complaints.push("The address asks to publish and to watch at once. This page publishes.");
  const asked = parameters.get("source");
  const source = SOURCE_KINDS.find((kind) => kind === asked);
  if (asked !== null && source === undefined) {
    complaints.push(`The address asks for the source “${asked.slice(0, 40)}”. There are ${SOURCE_KINDS.join(", ")}.`);
  }
  const askedMs = parameters.get("partTargetMs");
  const partTargetMs = askedMs === null ? DEFAULT_PART_TARGET_MS : Number(askedMs || Number.NaN);
  const inRange = partTargetMs >= MIN_PART_TARGET_MS && partTargetMs <= MAX_PART_TARGET_MS;
  if (!inRange) {
    complaints.push(
      `The address asks for parts of “${askedMs?.slice(0, 40)}” milliseconds. Anything from ${MIN_PART_TARGET_MS} to ${MAX_PART_TARGET_MS} is possible.`,
    );
  }
  return {
    view: "publish",
    name: publish.trim(),
    source: source ?? "pattern",
    partTargetMs: inRange ? partTargetMs : DEFAULT_PART_TARGET_MS,
    ...peersAddress(parameters, "off"),
    ...moqAddress(parameters),
    complaints,
  };
}

function otherAddress(parameters: URLSearchParams): Address {
  const inspect = parameters.get("inspect");
  if (inspect !== null) return { view: "inspect", name: inspect.trim() };
  return { view: (["library", "settings"] as const).find((view) => parameters.has(view)) ?? "home" };
}

function watchAddress(name: string, parameters: URLSearchParams): WatchAddress {
  const [origin, headers, key] = ["origin", "headers", "key"].map((each) => parameters.get(each) || undefined);
  const unsigned = parameters.get("integrity") === "none";
  const moq = moqAddress(parameters);
  // A link that carries a key is one to a stream of other people; without one, or where a relay has it, peers have to be asked for.
  const peers = peersAddress(parameters, key === undefined || hasRelay(moq) ? "off" : "ask");
  const isElsewhere = origin !== undefined || hasRelay(moq) || peers.peers !== "off";
  if (name === "" || !isElsewhere) return { view: "watch", name };
  const join: JoinAddress = {
    ...peers,
    ...moq,
    unsigned,
    ...(origin === undefined ? {} : { origin }),
    ...(headers === undefined ? {} : { headers }),
    ...(key === undefined ? {} : { key }),
  };
  return { view: "watch", name, join };
}

function moqAddress(parameters: URLSearchParams): MoqAddress {
  const [moq, server, certificate] = ["moq", "server", "certificate"].map((each) => parameters.get(each) || undefined);
  if (moq === undefined && server === undefined) return {};
  return {
    ...(moq === undefined ? {} : { moq }),
    ...(server === undefined ? {} : { server }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

export const hasRelay = ({ moq, server }: MoqAddress): boolean => moq !== undefined || server !== undefined;

function peersAddress(parameters: URLSearchParams, otherwise: PeersAddress["peers"]): PeersAddress {
  const asked = parameters.get("peers");
  const signal = parameters.get("signal") || undefined;
  const peers = asked === "on" || asked === "off" || asked === "ask" ? asked : otherwise;
  return { peers, ...(signal === undefined ? {} : { signal }) };
}

/** The address that publishes again what is published now. */
export function publishSearch(options: {
  readonly name: string;
  readonly source: SourceKind;
  readonly partTargetMs?: number;
  readonly peers?: PeersAddress["peers"];
  readonly signal?: string;
  readonly moq?: string;
  readonly server?: string;
  readonly certificate?: string;
}): string {
  const parameters = new URLSearchParams({ publish: options.name, source: options.source });
  if (options.peers === "on") parameters.set("peers", "on");
  if (options.signal !== undefined) parameters.set("signal", options.signal);
  setMoq(parameters, options);
  if (options.partTargetMs !== undefined && options.partTargetMs !== DEFAULT_PART_TARGET_MS) {
    parameters.set("partTargetMs", String(options.partTargetMs));
  }
  return `?${parameters}`;
}

/** What a link to a stream says of where it is. */
export interface WatchLink extends MoqAddress {
  /** Fingerprint of the key that signs it. */
  readonly key?: string;
  /** Whether other viewers pass it on. */
  readonly peers?: boolean;
  readonly signal?: string;
}

/** The address that watches `name`: in this browser, or with the key's fingerprint anywhere. */
export function watchSearch(name: string, link: WatchLink = {}): string {
  const { key, signal, peers = true } = link;
  const parameters = new URLSearchParams({ watch: name });
  if (key !== undefined) parameters.set("key", key);
  if (key !== undefined && peers && signal !== undefined) parameters.set("signal", signal);
  if (key !== undefined) setMoq(parameters, link);
  // A relay has all of it, so that a link has to say that there are others as well.
  if (key !== undefined && hasRelay(link) && peers) parameters.set("peers", "ask");
  return `?${parameters}`;
}

function setMoq(parameters: URLSearchParams, address: MoqAddress): void {
  const { moq, server, certificate } = address;
  if (moq !== undefined) parameters.set("moq", moq);
  if (server !== undefined) parameters.set("server", server);
  if (hasRelay(address) && certificate !== undefined) parameters.set("certificate", certificate);
}

/** Names of streams that somebody sends, or that are kept: to go live under one of them would end or continue it. */
export function namesInUse(streams: readonly StreamSummary[]): readonly string[] {
  return streams.filter(({ state, kept }) => state !== "ended" || kept !== undefined).map(({ name }) => name);
}

/** `studio`, or the first of `studio-2`, `studio-3`… that is not taken; likewise for another `base`. */
export function freeName(taken: Iterable<string>, base = DEFAULT_NAME): string {
  const names = new Set(taken);
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? "" : `-${count}`;
    const name = `${base.slice(0, MAX_NAME_LENGTH - suffix.length)}${suffix}`;
    if (!names.has(name)) return name;
  }
}
