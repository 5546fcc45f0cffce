import type { FrameAsk, FramePort } from "../capture/asked-stream.ts";

export interface FrameAnswersOptions<Frame> {
  /** What there is that was not taken before; undefined where there is nothing new. `isAgain`: the ask has waited for a while. */
  readonly take: (isAgain: boolean) => Frame | undefined;
  /** The worker wants no more. */
  readonly onStop: () => void;
}

/** Gives the capture worker a frame for each of its asks: at once, or when there is one. */
export class FrameAnswers<Frame extends Transferable> {
  readonly #port: FramePort;
  readonly #options: FrameAnswersOptions<Frame>;
  #given = 0;
  #asked = false;
  #over = false;

  constructor(port: FramePort, options: FrameAnswersOptions<Frame>) {
    this.#port = port;
    this.#options = options;
    port.onmessage = ({ data }: MessageEvent<FrameAsk>) => {
      if (data === "stop") {
        this.stop();
        options.onStop();
        return;
      }
      const isAgain = this.#asked;
      // The same one, said again while its answer was on the way, gets no other.
      this.#asked = data === this.#given;
      this.offer(isAgain);
    };
  }

  /** There may be something new. */
  offer(isAgain = false): void {
    if (!this.#asked || this.#over) return;
    const frame = this.#options.take(isAgain);
    if (frame === undefined) return;
    this.#asked = false;
    this.#given++;
    this.#port.postMessage(frame, [frame]);
  }

  /** The track is over: the worker's stream ends. */
  end(): void {
    if (this.#over) return;
    this.#port.postMessage(undefined);
    this.#over = true;
  }

  stop(): void {
    this.#over = true;
    this.#port.close();
  }
}
