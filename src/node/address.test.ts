import { expect, test } from "vitest";
import { networkOf } from "./address.ts";

test("an address of IPv6 counts as its network of /64, however it is written, and one of IPv4 as itself", () => {
  const same = ["2001:db8:1:2::1", "2001:0db8:0001:0002:ffff:0:0:9", "2001:DB8:1:2:3::", "2001:db8:1:2::192.0.2.1"];
  expect(new Set(same.map(networkOf))).toEqual(new Set(["2001:db8:1:2"]));
  expect(networkOf("2001:db8:1:3::1")).toBe("2001:db8:1:3");
  expect([networkOf("::1"), networkOf("fe80::1%eth0"), networkOf("2001:db8::1")]).toEqual([
    "0:0:0:0",
    "fe80:0:0:0",
    "2001:db8:0:0",
  ]);
  expect([networkOf("192.0.2.7"), networkOf("::ffff:192.0.2.7"), networkOf("unknown")]).toEqual([
    "192.0.2.7",
    "192.0.2.7",
    "unknown",
  ]);
});
