import {
  type Capture,
  type LivePublication,
  publishCapture,
  type Relay,
  type StreamSummary,
  startCapture,
} from "eddy-hls";
import type Hls from "hls.js";
import { freeName } from "../address.ts";
import { AppError } from "../kit/messages.ts";

/** Under this name, or one made of it, the start page publishes. */
const NAME = "first-look";
/** A playlist begins to be served when its first segment is closed: short ones are playable sooner. */
const TARGET_DURATION_MS = 1_000;
const PART_TARGET_MS = 200;
/** No machine that can encode at all takes longer. */
const PICTURE_DEADLINE_MS = 20_000;

export type DemoState = "idle" | "starting" | "live" | "ending" | "over";

/** The test pattern, made, served and played in this page: all that the application does, at one click. */
export class LiveDemo {
  readonly video = document.createElement("video");
  readonly #relay: Promise<Relay>;
  readonly #changed: () => void;
  #state: DemoState = "idle";
  #name = NAME;
  #publication: LivePublication | undefined;
  #hls: Hls | undefined;
  #firstPictureMs: number | undefined;

  constructor(relay: Promise<Relay>, changed: () => void) {
    this.#relay = relay;
    this.#changed = changed;
    this.video.playsInline = true;
    // A person who wants the tone turns it on.
    this.video.muted = true;
    this.video.addEventListener("volumechange", changed);
  }

  get state(): DemoState {
    return this.#state;
  }

  get name(): string {
    return this.#name;
  }

  /** From the click to the first picture; undefined before that. */
  get firstPictureMs(): number | undefined {
    return this.#firstPictureMs;
  }

  /** How far the picture is behind the moment at which it was drawn; 0 while that is not known. */
  get latencyMs(): number {
    return (this.#hls?.latency ?? 0) * 1000;
  }

  /**
   * Resolves with the first picture.
   * @throws RelayError, AppError, when all that was begun is stopped
   */
  async start(): Promise<void> {
    if (this.#state !== "idle" && this.#state !== "over") return;
    const since = performance.now();
    this.#firstPictureMs = undefined;
    this.#enter("starting");
    const picture = firstPicture(this.video);
    const late = new Promise<never>((_, reject) => {
      setTimeout(
        () => reject(new AppError("no-picture", `none within ${PICTURE_DEADLINE_MS} ms`)),
        PICTURE_DEADLINE_MS,
      );
    });
    late.catch(() => undefined);
    let capture: Capture | undefined;
    try {
      const player = loadPlayer();
      player.catch(() => undefined); // it is waited for below
      capture = await startCapture({
        source: { kind: "pattern" },
        partTargetMs: PART_TARGET_MS,
        targetDurationMs: TARGET_DURATION_MS,
      });
      const relay = await this.#relay;
      this.#name = await takeName(relay);
      const publication = await publishCapture({ relay, name: this.#name, capture });
      this.#publication = publication;
      publication.ended.then(
        () => this.#stopped(),
        () => this.#stopped(),
      );
      // The playlist is asked for before there is one: the worker answers as soon as it can be played.
      this.#play(await player, relay.url(this.#name));
      // A stream that breaks says why; one that ends before its first picture has none.
      await Promise.race([picture, late, publication.ended.then(() => late)]);
    } catch (thrown) {
      // One that was not published is nobody else's to stop.
      if (this.#publication === undefined) await capture?.stop().catch(() => undefined);
      await this.stop();
      throw thrown;
    }
    this.#firstPictureMs = performance.now() - since;
    this.#enter("live");
  }

  async stop(): Promise<void> {
    if (this.#publication === undefined) return this.#stopped();
    this.#enter("ending");
    await this.#publication.stop().catch(() => undefined); // what broke it is told by who waits for the picture
  }

  #play(Player: typeof Hls, url: string): void {
    const hls = new Player({ lowLatencyMode: true, backBufferLength: 30 });
    hls.on(Player.Events.MANIFEST_PARSED, () => void this.video.play().catch(() => undefined));
    hls.loadSource(url);
    hls.attachMedia(this.video);
    this.#hls = hls;
    window.hls = hls;
  }

  #stopped(): void {
    this.#hls?.destroy();
    this.#hls = undefined;
    this.#publication = undefined;
    this.#enter("over");
  }

  #enter(state: DemoState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#changed();
  }
}

/** Fetches what a click will need, so that the click need not wait for it. */
export async function loadPlayer(): Promise<typeof Hls> {
  const { default: Player } = await import("hls.js").catch((cause: unknown) => {
    throw new AppError("player-not-loaded", String(cause), { cause });
  });
  if (!Player.isSupported()) throw new AppError("player-not-supported", "Hls.isSupported() is false");
  return Player;
}

/** What an earlier click left makes room, unless somebody gave it a title or pinned it. */
async function takeName(relay: Relay): Promise<string> {
  const streams = await relay.streams();
  const before = streams.find(({ name }) => name === NAME);
  const isLeft = before !== undefined && before.state !== "live" && !isWanted(before);
  if (isLeft) await relay.remove(NAME);
  return freeName(
    streams.map(({ name }) => name).filter((name) => !isLeft || name !== NAME),
    NAME,
  );
}

const isWanted = ({ kept }: StreamSummary): boolean => kept?.pinned === true || kept?.title !== undefined;

function firstPicture(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else (video as HTMLVideoElement).addEventListener("timeupdate", () => resolve(), { once: true });
  });
}
