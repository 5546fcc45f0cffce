import { describe, expect, test } from "vitest";
import { FilePlayhead } from "./file-playhead.ts";
import { SoundLine } from "./sound-line.ts";

class Picture {
  static open = 0;
  readonly slot: number;

  constructor(slot: number) {
    this.slot = slot;
    Picture.open++;
  }

  close(): void {
    Picture.open--;
  }
}

function playhead(frames: number) {
  const head = new FilePlayhead<Picture>({ frameRate: 20 });
  for (let slot = 0; slot < frames; slot++) head.encode(new Picture(slot));
  const starts: number[] = [];
  const line = new SoundLine({
    sampleRate: 1_000,
    channels: 1,
    encode: (block, startFrame) => {
      if ((block[0]?.[0] ?? 0) > 0) starts.push(startFrame);
    },
  });
  return { head, line, starts };
}

const block = (frames: number) => [new Float32Array(frames).fill(1)];

describe("FilePlayhead", () => {
  test("shows the nth picture in the nth slot after its first, each once, and the last one when there are no more", () => {
    const { head } = playhead(5);
    expect([7, 8, 9, 10, 11, 12, 13].map((slot) => head.at(slot)?.slot)).toEqual([0, 1, 2, 3, 4, 4, 4]);
    expect(head.isOver).toBe(false);
    head.finish();
    expect(head.isOver).toBe(true);
    head.close();
    expect(Picture.open).toBe(0);
  });

  test("waits while it is held, picture and sound, and goes on where it was", () => {
    const { head, line, starts } = playhead(10);
    const sound = head.sound(1_000);
    for (let n = 0; n < 10; n++) sound.encode(block(50), n * 50);
    const shown = [0, 1, 2].map((slot) => head.at(slot)?.slot);
    head.give(line, 100);
    head.held = true;
    for (const slot of [3, 4, 5]) {
      shown.push(head.at(slot)?.slot);
      head.give(line, slot * 50);
    }
    head.held = false;
    for (const slot of [6, 7]) shown.push(head.at(slot)?.slot);
    head.give(line, 350);
    expect(shown).toEqual([0, 1, 2, 2, 2, 2, 3, 4]);
    // Held for three slots of 50 ms: what follows comes so much later.
    expect(starts).toEqual([0, 50, 100, 150, 350, 400]);
    head.close();
  });

  test("one that comes on the air while it is held waits from there on, however late that is", () => {
    const { head } = playhead(5);
    head.held = true;
    expect([500, 501, 502].map((slot) => head.at(slot)?.slot)).toEqual([0, 0, 0]);
    head.held = false;
    expect([503, 504].map((slot) => head.at(slot)?.slot)).toEqual([1, 2]);
    head.close();
  });

  test("begins with its first picture, and that one's sound, however long its decoder takes", () => {
    const { head, line, starts } = playhead(0);
    const sound = head.sound(1_000);
    for (const slot of [5, 6, 7]) {
      expect(head.at(slot)).toBeUndefined();
      head.give(line, slot * 50);
    }
    for (let n = 0; n < 3; n++) {
      head.encode(new Picture(n));
      sound.encode(block(50), n * 50);
    }
    const shown = [8, 9, 10].map((slot) => head.at(slot)?.slot);
    head.give(line, 500);
    expect(shown).toEqual([0, 1, 2]);
    expect(starts).toEqual([400, 450, 500]);
    head.close();
  });

  test("sound alone begins with the first slot that it is asked for", () => {
    const head = new FilePlayhead<Picture>({ frameRate: 20, isSoundAlone: true });
    const { line, starts } = playhead(0);
    head.sound(1_000).encode(block(50), 0);
    head.at(2);
    head.give(line, 100);
    expect(starts).toEqual([100]);
    head.finish();
    expect(head.isOver).toBe(true);
  });

  test("of a file whose pictures cannot be decoded the sound is heard", () => {
    const { head, line, starts } = playhead(0);
    head.sound(1_000).encode(block(50), 0);
    head.finish();
    head.at(2);
    head.give(line, 100);
    expect(starts).toEqual([100]);
    expect(head.isOver).toBe(true);
  });

  test("a file that cannot keep up goes on from what it has", () => {
    const { head } = playhead(2);
    expect(head.at(0)?.slot).toBe(0);
    expect(head.at(30)?.slot).toBe(1);
    head.encode(new Picture(2));
    expect(head.at(31)?.slot).toBe(2);
    head.close();
  });

  test("asks for no more than some pictures ahead", async () => {
    const { head } = playhead(12);
    let isReady = false;
    void head.ready().then(() => {
      isReady = true;
    });
    await Promise.resolve();
    expect(isReady).toBe(false);
    head.at(0);
    await Promise.resolve();
    await Promise.resolve();
    expect(isReady).toBe(true);
    head.close();
  });
});
