import { expect, it } from "vitest";
import { Origins } from "./origins.ts";

it.each([
  ["", []],
  ["https://app.example.com", ["https://app.example.com"]],
  [
    "https://a.example, https://b.example:8443\nhttp://localhost:5173",
    ["https://a.example", "https://b.example:8443", "http://localhost:5173"],
  ],
])("%j is a list of origins", (text, origins) => {
  expect(Origins.parse(text)).toEqual(origins);
});

it.each([
  "*",
  "null",
  "https://*.own.test",
  "own.test",
  "https://own.test/",
  "https://own.test/path",
  "https://Own.test",
  "https://own.test:443",
  "http://own.test",
  "http://localhost.own.test",
  "https://user@own.test",
  "file:///x",
])("%j is none, and the message does not repeat it", (text) => {
  const { error } = Origins.safeParse(`https://good.example ${text}`);
  expect(error?.issues[0]?.message).toMatch(/^number 2 is no origin/);
  expect(error?.issues[0]?.message).not.toMatch(/own\.test|\*/i);
});
