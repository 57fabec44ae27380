import { expect, it } from "vitest";
import { hubNameOf } from "./hub-name.ts";

const requestFrom = (colo?: string) => (colo === undefined ? {} : { cf: { colo } });

it("a client has a hub at its own location, and the same one each time", () => {
  expect(hubNameOf(requestFrom("FRA"), "203.0.113.7")).toMatch(/^FRA-\d+$/);
  expect(hubNameOf(requestFrom("FRA"), "203.0.113.7")).toBe(hubNameOf(requestFrom("FRA"), "203.0.113.7"));
  expect(hubNameOf(requestFrom(), "local")).toMatch(/^local-\d+$/);
});

it("the clients of a location are spread over sixteen hubs, none with twice its share", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 6_400; i++) {
    const name = hubNameOf(requestFrom("FRA"), `203.0.${Math.floor(i / 250)}.${i % 250}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  expect(counts.size).toBe(16);
  expect(Math.max(...counts.values())).toBeLessThan(800);
});
