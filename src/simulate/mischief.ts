import type { PeerLink } from "../swarm/swarm-types.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import type { Behaviour } from "./population.ts";
import { polluted } from "./sim-proof.ts";

/** A link as a peer that means no good uses it: what it runs is honest, what leaves it is not. */
export function withBehaviour(link: PeerLink, behaviour: Behaviour): PeerLink {
  if (behaviour === "polluter") return new FilteredLink(link, pollute);
  if (behaviour === "rider") return new FilteredLink(link, withhold);
  return link;
}

const pollute = (frame: PeerFrame): PeerFrame =>
  frame.kind === "piece" ? { ...frame, bytes: polluted(frame.bytes) } : frame;

const withhold = (frame: PeerFrame): PeerFrame | undefined => (frame.kind === "piece" ? undefined : frame);

/** A link whose sender's frames are looked at, changed or held back. */
export class FilteredLink implements PeerLink {
  readonly #link: PeerLink;
  readonly #filter: (frame: PeerFrame) => PeerFrame | undefined;

  constructor(link: PeerLink, filter: (frame: PeerFrame) => PeerFrame | undefined) {
    this.#link = link;
    this.#filter = filter;
  }

  get peer(): string {
    return this.#link.peer;
  }

  get bufferedBytes(): number {
    return this.#link.bufferedBytes;
  }

  send(frame: PeerFrame): void {
    const sent = this.#filter(frame);
    if (sent !== undefined) this.#link.send(sent);
  }

  close(): void {
    this.#link.close();
  }
}
