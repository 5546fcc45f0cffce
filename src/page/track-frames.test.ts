import { afterEach, expect, test, vi } from "vitest";
import { takePictures, takeSound } from "./track-frames.ts";

class TestFrame {
  closed = false;
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  close(): void {
    this.closed = true;
  }
}

/** Ends of a channel that do not clone: what is no real frame cannot be transferred. */
class TestChannel {
  readonly port1: TestPort = new TestPort();
  readonly port2: TestPort = new TestPort();
  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}
class TestPort {
  other: TestPort | undefined;
  closed = false;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  postMessage(data: unknown): void {
    if (!this.closed && this.other?.closed === false) this.other.onmessage?.({ data });
  }
  close(): void {
    this.closed = true;
  }
}

const track = () => new EventTarget() as unknown as MediaStreamTrack;
const asked = (port: MessagePort) => {
  const got: (TestFrame | undefined)[] = [];
  port.onmessage = ({ data }) => got.push(data);
  let count = 0;
  return { got, ask: () => port.postMessage(count), took: () => count++ };
};

afterEach(() => vi.unstubAllGlobals());

function stubVideo({ telling = true } = {}) {
  let callback: (() => void) | undefined;
  const video = {
    readyState: 0,
    currentTime: 0,
    hasData: true,
    srcObject: null as unknown,
    play: () => Promise.resolve(),
    ...(telling
      ? {
          requestVideoFrameCallback: (call: () => void) => {
            callback = call;
            return 1;
          },
          cancelVideoFrameCallback: () => {
            callback = undefined;
          },
        }
      : {}),
  };
  const document = { hidden: false, createElement: () => video };
  const frames: TestFrame[] = [];
  vi.stubGlobal("document", document);
  vi.stubGlobal("HTMLMediaElement", { HAVE_CURRENT_DATA: 2 });
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("MessageChannel", TestChannel);
  vi.stubGlobal(
    "VideoFrame",
    class extends TestFrame {
      constructor({ currentTime, hasData }: typeof video) {
        if (!hasData) throw new DOMException("Video element has no data", "InvalidStateError");
        super(currentTime);
        frames.push(this);
      }
    },
  );
  /** The element has another picture; a visible page is told. */
  const show = (currentTime: number): void => {
    Object.assign(video, { readyState: 2, currentTime });
    if (!document.hidden) callback?.();
  };
  return { video, document, frames, show, isTold: () => callback !== undefined };
}

test("a picture is taken once, when it is there and asked for, and those between asks are not", () => {
  const { frames, show } = stubVideo();
  const { port } = takePictures(track());
  const { got, ask, took } = asked(port);
  ask();
  expect(frames).toEqual([]);
  show(0.1);
  took();
  show(0.2);
  show(0.3);
  expect(got.map((frame) => frame?.at)).toEqual([0.1]);
  ask();
  took();
  ask();
  expect(
    got.map((frame) => frame?.at),
    "the newest, and not again",
  ).toEqual([0.1, 0.3]);
  expect(frames).toHaveLength(2);
});

test("a picture that cannot be taken yet is taken at a later ask", () => {
  const { video, show } = stubVideo();
  const { port } = takePictures(track());
  const { got, ask } = asked(port);
  video.hasData = false;
  show(0.1);
  ask();
  expect(got).toEqual([]);
  video.hasData = true;
  ask();
  expect(got.map((frame) => frame?.at)).toEqual([0.1]);
});

test.each([
  { what: "a hidden page", telling: true, hidden: true },
  { what: "a browser without requestVideoFrameCallback", telling: false, hidden: false },
])("in $what an ask that has waited looks whether the picture has changed", ({ telling, hidden }) => {
  const { document, show } = stubVideo({ telling });
  document.hidden = hidden;
  const { port } = takePictures(track());
  const { got, ask, took } = asked(port);
  ask();
  expect(got, "none is loaded").toEqual([]);
  show(0.1);
  ask();
  took();
  expect(got.map((frame) => frame?.at)).toEqual([0.1]);
  ask();
  ask();
  expect(
    got.map((frame) => frame?.at),
    "the same is not taken again",
  ).toEqual([0.1]);
  show(0.2);
  ask();
  took();
  show(0.3);
  ask();
  expect(
    got.map((frame) => frame?.at),
    "a first ask does not look",
  ).toEqual([0.1, 0.2]);
});

test("stopped, the element lets go of the track and nothing is taken; a track that ends says so", () => {
  const { video, frames, show, isTold } = stubVideo();
  const source = track();
  const taken = takePictures(source);
  const { got, ask } = asked(taken.port);
  (source as EventTarget).dispatchEvent(new Event("ended"));
  expect(got).toEqual([undefined]);
  ask();
  taken.stop();
  show(0.1);
  expect([video.srcObject, isTold(), frames]).toEqual([null, false, []]);
});

function stubAudio() {
  const processor = {
    onaudioprocess: null as ((event: { inputBuffer: unknown }) => void) | null,
    connect: () => undefined,
    disconnect: () => undefined,
  };
  const state = { closed: 0 };
  const blocks: TestFrame[] = [];
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("MessageChannel", TestChannel);
  vi.stubGlobal(
    "AudioContext",
    class {
      destination = {};
      createMediaStreamSource = () => ({ connect: () => undefined, disconnect: () => undefined });
      createScriptProcessor = () => processor;
      resume = () => Promise.resolve();
      close = () => {
        state.closed++;
        return Promise.resolve();
      };
    },
  );
  vi.stubGlobal(
    "AudioData",
    class extends TestFrame {
      constructor({ data }: { readonly data: Float32Array }) {
        super(data[0] ?? 0);
        blocks.push(this);
      }
    },
  );
  const hear = (value: number): void =>
    processor.onaudioprocess?.({
      inputBuffer: {
        length: 1,
        numberOfChannels: 2,
        sampleRate: 48_000,
        getChannelData: () => Float32Array.of(value),
      },
    });
  return { hear, blocks, state };
}

test("blocks of sound wait in order to be asked for, and of more than a second the oldest go", () => {
  const { hear, blocks } = stubAudio();
  const { port } = takeSound(track());
  const { got, ask, took } = asked(port);
  for (let block = 0; block < 60; block++) hear(block);
  for (let count = 0; count < 3; count++) {
    ask();
    took();
  }
  expect(got.map((frame) => frame?.at)).toEqual([12, 13, 14]);
  expect(blocks.filter(({ closed }) => closed).map(({ at }) => at)).toEqual(Array.from({ length: 12 }, (_, at) => at));
});

test("stopped, the audio graph is closed with all blocks, once and for all", () => {
  const { hear, blocks, state } = stubAudio();
  const { stop } = takeSound(track());
  hear(1);
  stop();
  stop();
  hear(2);
  expect(blocks.map(({ at, closed }) => ({ at, closed }))).toEqual([{ at: 1, closed: true }]);
  expect(state.closed).toBeGreaterThan(0);
});
