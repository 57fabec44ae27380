import { expect, it } from "vitest";
import { targetHref } from "./target.ts";

it.each([
  ["letter.replay", "10378f9a10378f9a10378f9a10378f9a", "#/letters/10378f9a10378f9a10378f9a10378f9a"],
  ["letter.discard", "5a88fc0e5a88fc0e", "#/groups/5a88fc0e5a88fc0e"],
  ["letter.discard", '{"reason":"crash","text":"a b"}', "#/letters?reason=crash&text=a+b"],
  ["letter.discard", '{"since":1764234000000}', "#/letters?since=2025-11-27T09%3A00%3A00.000Z"],
  ["letter.discard", "12 letters", null],
  ["letter.discard", "{nonsense", null],
  ["group.state", "5a88fc0e5a88fc0e", "#/groups/5a88fc0e5a88fc0e"],
  ["plan.create", "0b0e-run", "#/runs/0b0e-run"],
  ["run.end", "0b0e-run", "#/runs/0b0e-run"],
  ["import", "letters", null],
] as const)("%s of %s leads to %s", (action, target, href) => {
  expect(targetHref({ action, target })).toBe(href);
});
