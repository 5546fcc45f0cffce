import { expect, test } from "vitest";
import { freeName, namesInUse, publishSearch, readAddress, watchSearch } from "./address.ts";

test("an address without parameters is the start page", () => {
  expect(readAddress("")).toEqual({ view: "home" });
});

test("an address that names a stream and a source is read as it stands", () => {
  expect(readAddress("?publish=studio&source=camera&partTargetMs=500")).toEqual({
    view: "publish",
    name: "studio",
    source: "camera",
    partTargetMs: 500,
    complaints: [],
  });
});

test("publishing without a source means the test pattern at the default part target", () => {
  expect(readAddress("?publish=a")).toMatchObject({ source: "pattern", partTargetMs: 333, complaints: [] });
});

test("an empty publish or watch asks for the form only", () => {
  expect(readAddress("?publish")).toMatchObject({ view: "publish", name: "", complaints: [] });
  expect(readAddress("?watch=")).toEqual({ view: "watch", name: "" });
});

test.each(["", "abc", "0", "49", "6001", "-333", "NaN", "Infinity"])("partTargetMs=%s is complained of", (value) => {
  const address = readAddress(`?publish=a&partTargetMs=${value}`);
  expect(address).toMatchObject({ partTargetMs: 333 });
  expect(address.view === "publish" && address.complaints).toHaveLength(1);
});

test("an unknown source is complained of, and the form shows the pattern", () => {
  const address = readAddress("?publish=a&source=tape");
  expect(address).toMatchObject({ source: "pattern" });
  expect(address.view === "publish" && address.complaints[0]).toContain("tape");
});

test("publish wins over watch, and says so", () => {
  expect(readAddress("?watch=a&publish=b")).toMatchObject({ view: "publish", name: "b" });
  expect(readAddress("?watch=a&publish=b")).toHaveProperty("complaints.length", 1);
});

test("what publishSearch and watchSearch write, readAddress reads", () => {
  const settings = { name: "a b&c", source: "screen", partTargetMs: 200 } as const;
  expect(readAddress(publishSearch(settings))).toMatchObject(settings);
  expect(readAddress(watchSearch("a b&c"))).toEqual({ view: "watch", name: "a b&c" });
  expect(publishSearch({ name: "a", source: "pattern", partTargetMs: 333 })).not.toContain("partTargetMs");
});

test("freeName() counts on from the names that are taken", () => {
  expect(freeName([])).toBe("studio");
  expect(freeName(["studio", "studio-2", "other"])).toBe("studio-3");
});

test("a name is in use while it is sent, and while something is kept under it", () => {
  const stream = { renditions: ["main"], windowMs: 1, dvrWindowMs: 1, sizeBytes: 1 };
  const kept = { sizeBytes: 1, windowMs: 1, pinned: false, createdAtMs: 0 };
  expect(
    namesInUse([
      { ...stream, name: "now", state: "live" },
      { ...stream, name: "away", state: "waiting" },
      { ...stream, name: "kept", state: "ended", kept },
      { ...stream, name: "over", state: "ended" },
    ]),
  ).toEqual(["now", "away", "kept"]);
});

test("a free name keeps to the length that a name may have", () => {
  const long = "x".repeat(64);
  expect(freeName([long], long)).toBe(`${"x".repeat(62)}-2`);
  expect(freeName(["lab"], "lab")).toBe("lab-2");
});
