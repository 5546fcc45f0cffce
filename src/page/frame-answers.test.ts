import { expect, test } from "vitest";
import { askedStream, type FramePort } from "../capture/asked-stream.ts";
import { TestClock } from "../capture/capture.test-support.ts";
import { FrameAnswers } from "./frame-answers.ts";

class TestFrame {
  closed = false;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  close(): void {
    this.closed = true;
  }
}

/** One end of a channel whose messages arrive when they are let through. */
class TestPort implements FramePort {
  onmessage: FramePort["onmessage"] = null;
  other: TestPort | undefined;
  closed = false;
  readonly sent: unknown[] = [];

  postMessage(message: unknown): void {
    if (!this.closed) this.sent.push(message);
  }

  close(): void {
    this.closed = true;
  }

  /** Lets through what was sent, in order. */
  flush(): void {
    for (const data of this.sent.splice(0)) {
      if (this.other?.closed === false) this.other.onmessage?.call(this.other as never, { data } as MessageEvent);
    }
  }
}

function joined() {
  const [page, worker] = [new TestPort(), new TestPort()];
  page.other = worker;
  worker.other = page;
  const clock = new TestClock();
  const fresh: TestFrame[] = [];
  let stops = 0;
  const answers = new FrameAnswers<never>(page, {
    take: () => fresh.shift() as never,
    onStop: () => {
      stops++;
    },
  });
  const stream = askedStream<TestFrame>(worker, clock);
  /** What is captured: told of, as a visible page is. */
  const capture = (name: string): TestFrame => {
    const frame = new TestFrame(name);
    fresh.push(frame);
    answers.offer();
    return frame;
  };
  return { page, worker, clock, fresh, answers, stream, capture, stops: () => stops };
}

/** The stream's own promises, which are all that a step of it takes. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

test("nothing is taken before it is asked for, and one frame for each ask", async () => {
  const { page, worker, stream, capture, fresh } = joined();
  capture("a");
  capture("b");
  expect(page.sent).toEqual([]);
  const reader = stream.getReader();
  const first = reader.read();
  await settled();
  worker.flush();
  page.flush();
  expect((await first).value?.name).toBe("a");
  await settled();
  expect(worker.sent, "nobody reads").toEqual([]);
  expect(fresh.map(({ name }) => name)).toEqual(["b"]);
});

test("an ask that comes too early is answered by the next frame", async () => {
  const { page, worker, stream, capture } = joined();
  const read = stream.getReader().read();
  await settled();
  worker.flush();
  expect(page.sent).toEqual([]);
  capture("a");
  page.flush();
  expect((await read).value?.name).toBe("a");
});

test("an ask is said again until it is answered, and then no more", async () => {
  const { page, worker, clock, stream, fresh } = joined();
  const read = stream.getReader().read();
  await settled();
  worker.flush();
  // As in a hidden page: there is a new frame, and nobody tells of it.
  fresh.push(new TestFrame("a"), new TestFrame("b"));
  clock.advance(100);
  expect(worker.sent).toEqual([0, 0, 0]);
  worker.flush();
  expect(page.sent, "one frame for an ask and its repetitions").toHaveLength(1);
  expect(fresh.map(({ name }) => name)).toEqual(["b"]);
  page.flush();
  expect((await read).value?.name).toBe("a");
  clock.advance(1_000);
  expect(worker.sent).toEqual([]);
});

test("a frame that comes after the stream was cancelled is closed, and the page is told to stop", async () => {
  const { page, worker, clock, stream, capture, stops } = joined();
  const reader = stream.getReader();
  const read = reader.read();
  await settled();
  worker.flush();
  const late = capture("late");
  // Its timer runs still.
  await reader.cancel();
  clock.advance(1_000);
  expect(worker.sent).toEqual(["stop"]);
  page.flush();
  expect(await read).toEqual({ done: true, value: undefined });
  expect(late.closed).toBe(true);
  worker.flush();
  expect(stops()).toBe(1);
  clock.advance(1_000);
  capture("later");
  expect([worker.sent, page.sent], "all is quiet").toEqual([[], []]);
});

test("a track that ends ends the stream, also where nothing was asked for", async () => {
  const { page, worker, stream, answers } = joined();
  answers.end();
  page.flush();
  const read = stream.getReader().read();
  await settled();
  worker.flush();
  page.flush();
  expect((await read).done).toBe(true);
});
