import { type Clock, systemClock } from "../model/clock.ts";

/** What the capture worker says to a page that takes frames of a track: how many it has got, and wants the next; or that it wants no more. */
export type FrameAsk = number | "stop";

/** One end of what they talk over. The page answers with a frame, or with undefined when there is none any more. */
export type FramePort = Pick<MessagePort, "postMessage" | "close" | "onmessage">;

/** An ask that is not answered is said again this often. */
const AGAIN_MS = 33;

/**
 * Frames that a page takes of a track, each for an ask: none is on its way that nobody waits for, so a worker that is behind makes the
 * page take fewer. To ask again is what tells a hidden page the time, which gets neither pictures nor prompt timers.
 */
export function askedStream<Frame extends { close(): void }>(
  port: FramePort,
  clock: Clock = systemClock,
): ReadableStream<Frame> {
  let got = 0;
  let isOver = false;
  let onAnswer: () => void = () => undefined;
  let cancelTimer: () => void = () => undefined;
  let waiting: Frame | undefined;
  port.onmessage = ({ data }: MessageEvent<Frame | undefined>) => {
    // What comes after a cancellation is for nobody, and a frame that is not closed holds memory of the camera's.
    if (isOver) data?.close();
    else waiting = data;
    isOver ||= data === undefined;
    onAnswer();
  };
  return new ReadableStream<Frame>(
    {
      pull: (controller) =>
        new Promise<void>((resolve) => {
          const ask = (): void => {
            port.postMessage(got satisfies FrameAsk);
            cancelTimer = clock.after(AGAIN_MS, ask);
          };
          onAnswer = () => {
            cancelTimer();
            onAnswer = () => undefined;
            got++;
            if (waiting !== undefined) controller.enqueue(waiting);
            else controller.close();
            waiting = undefined;
            resolve();
          };
          if (isOver) onAnswer();
          else ask();
        }),
      cancel: () => {
        isOver = true;
        cancelTimer();
        onAnswer = () => undefined;
        port.postMessage("stop" satisfies FrameAsk);
      },
    },
    { highWaterMark: 0 },
  );
}
