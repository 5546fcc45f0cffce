import type { SwarmListener, SwarmPeer } from "../swarm/swarm-types.ts";
import { FilteredLink } from "./mischief.ts";
import type { Profile } from "./population.ts";
import type { SimHost } from "./sim-host.ts";
import type { Member } from "./tracker.ts";
import type { World } from "./world.ts";

const LISTENER: SwarmListener = { part() {}, card() {}, init() {}, fetch() {}, missed() {}, banned() {} };
const NEIGHBOURS_EVERY_MS = 4000;

/** The page that has the stream: it gives each part to its own engine when it is made, and the swarm takes it from there. */
export class SimPublisher implements Member {
  readonly id = "publisher";
  readonly isHonest = true;
  readonly profile: Profile;
  readonly host: SimHost;
  readonly peer: SwarmPeer;
  readonly isGone = false;
  dialling = 0;
  madeRoomMs = Number.NEGATIVE_INFINITY;
  readonly #world: World;

  constructor(world: World) {
    const { clock, network, options, stream, random } = world;
    this.#world = world;
    const lineBps = options.publisherBps;
    this.profile = {
      region: 1,
      isMobile: false,
      uplinkBps: lineBps,
      downlinkBps: 10 * lineBps,
      accessMs: 5,
      jitterMs: 1,
      lossRate: options.loss,
      nat: "open",
      behaviour: "honest",
    };
    this.host = network.host({
      id: this.id,
      ...this.profile,
      accept: (link) =>
        this.peer.connect(
          new FilteredLink(link, (frame) => {
            if (frame.kind === "piece") {
              const index = stream.indexOf(frame.key);
              world.census.published(index, frame.bytes.byteLength / stream.part(index).bytes.byteLength);
            }
            return frame;
          }),
        ),
    });
    this.peer = world.createPeer({
      self: this.id,
      clock,
      random,
      listener: LISTENER,
      source: true,
      uplinkBps: lineBps,
    });
    this.peer.setCard(stream.cardBytes, stream.card);
    this.#publish(0);
    this.#seekNeighbours();
  }

  get maxNeighbours(): number {
    return this.peer.maxNeighbours;
  }

  #publish(index: number): void {
    const { clock, stream } = this.#world;
    const { signed, bytes, madeMs } = stream.part(index);
    clock.after(madeMs - clock.now(), () => {
      this.peer.provide(signed, bytes, "own");
      this.#publish(index + 1);
    });
  }

  #seekNeighbours(): void {
    this.#world.introduce(this);
    this.#world.clock.after(NEIGHBOURS_EVERY_MS, () => this.#seekNeighbours());
  }
}
