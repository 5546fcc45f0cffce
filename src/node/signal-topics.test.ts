import fc from "fast-check";
import { expect, test } from "vitest";
import { SignalTopics } from "./signal-topics.ts";

test("of many members a few are picked, each once, never the sender, and over time all of them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 12 }), (members, most) => {
      const topics = new SignalTopics<number>();
      for (let member = 0; member < members; member++) topics.join("room", member);
      const seen = new Set<number>();
      // So often that one who is left out by chance alone is no matter of this universe.
      for (let round = 0; round < 40 * members; round++) {
        const picked = topics.pick("room", { except: 0, most, random: Math.random });
        expect(picked).toHaveLength(Math.min(most, members - 1));
        expect(new Set(picked).size).toBe(picked.length);
        expect(picked).not.toContain(0);
        for (const member of picked) seen.add(member);
      }
      expect(seen.size).toBe(members - 1);
    }),
    { numRuns: 30, seed: 7 },
  );
});

test("who said a name is found by it, until it leaves, and nobody takes it over", () => {
  const topics = new SignalTopics<string>();
  topics.join("room", "first", "a");
  topics.join("room", "second", "a");
  topics.join("room", "third");
  topics.join("room", "fourth", "b");
  expect(topics.named("room", ["a", "b", "a", "nobody"])).toEqual(["first", "fourth"]);
  expect(topics.named("elsewhere", ["a"])).toEqual([]);
  topics.leave("room", "second");
  topics.leave("room", "fourth");
  expect(topics.named("room", ["a", "b"])).toEqual(["first"]);
});

test("a name goes on to who came back while its former connection was still there", () => {
  const topics = new SignalTopics<string>();
  topics.join("room", "former", "a");
  topics.join("room", "anew", "a");
  topics.leave("room", "former");
  expect(topics.named("room", ["a"])).toEqual(["anew"]);
  topics.leave("room", "anew");
  topics.join("room", "another");
  expect(topics.named("room", ["a"])).toEqual([]);
});

test("members come and go in any order, and a topic without one is forgotten", () => {
  const step = fc.record({ member: fc.nat(9), joins: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const topics = new SignalTopics<number>();
      const model = new Set<number>();
      for (const { member, joins } of steps) {
        if (joins) topics.join("room", member);
        else topics.leave("room", member);
        if (joins) model.add(member);
        else model.delete(member);
        expect(topics.members("room")).toBe(model.size);
        expect(topics.size).toBe(model.size === 0 ? 0 : 1);
        const all = topics.pick("room", { except: -1, most: 10, random: () => 0 });
        expect(new Set(all)).toEqual(model);
      }
    }),
  );
});
