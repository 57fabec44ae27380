import { expect, it } from "vitest";
import { clientAddress } from "./rate-limit.ts";

const of = (address?: string) =>
  clientAddress(new Headers(address === undefined ? {} : { "CF-Connecting-IP": address }));

it.each([
  ["203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::6", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  [undefined, "local"],
])("%s counts as %s", (address, counted) => {
  expect(of(address)).toBe(counted);
});
