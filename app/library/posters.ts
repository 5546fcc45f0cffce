import type { StreamSummary } from "eddy-hls";

/** A picture that has not come by then is done without. */
const DEADLINE_MS = 6_000;
const WIDTH = 320;

/** A picture of each recording, taken from its last seconds, one after another: each one decodes video. */
export class Posters {
  readonly #base: string;
  readonly #urls = new Map<string, string | undefined>();
  readonly #waiting = new Map<string, StreamSummary>();
  readonly #onPicture: () => void;
  #running = false;

  /** `base` is the path of the relay. */
  constructor(base: string, onPicture: () => void, signal: AbortSignal) {
    this.#base = base;
    this.#onPicture = onPicture;
    signal.addEventListener("abort", () => {
      this.#waiting.clear();
      for (const url of this.#urls.values()) if (url !== undefined) URL.revokeObjectURL(url);
    });
  }

  /** Undefined while there is none, and of sound alone. It is taken when it is asked for. */
  of(stream: StreamSummary): string | undefined {
    const key = keyOf(stream);
    if (!this.#urls.has(key) && stream.windowMs > 0) {
      this.#waiting.set(key, stream);
      void this.#run();
    }
    return this.#urls.get(key);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = first(this.#waiting); next !== undefined; next = first(this.#waiting)) {
      const [key, { name }] = next;
      const url = await picture(`${this.#base}${name}/clip.mp4?last=2`);
      this.#waiting.delete(key);
      this.#urls.set(key, url);
      if (url !== undefined) this.#onPicture();
    }
    this.#running = false;
  }
}

/** One that is published anew has another picture. */
const keyOf = ({ name, kept, state }: StreamSummary): string => `${name} ${kept?.createdAtMs ?? ""} ${state}`;
const first = <K, V>(map: ReadonlyMap<K, V>): readonly [K, V] | undefined => map.entries().next().value;

/** Object URL of the first picture of a video; undefined where there is none, or it does not come. */
async function picture(url: string): Promise<string | undefined> {
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "auto";
  const given = new AbortController();
  const { signal } = given;
  try {
    await new Promise<void>((resolve, reject) => {
      video.addEventListener("loadeddata", () => resolve(), { signal });
      video.addEventListener("error", () => reject(video.error), { signal });
      AbortSignal.timeout(DEADLINE_MS).addEventListener("abort", () => reject(new Error("no picture")), { signal });
      video.src = url;
    });
    if (video.videoWidth === 0) return undefined;
    const canvas = new OffscreenCanvas(WIDTH, Math.round((WIDTH * video.videoHeight) / video.videoWidth));
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    return URL.createObjectURL(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 }));
  } catch {
    return undefined; // a row without a picture says all that it needs to
  } finally {
    given.abort();
    video.removeAttribute("src");
    video.load();
  }
}
