import { expect, it } from "vitest";
import { linesOf } from "./lines.ts";

async function* cut(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

it.each([1, 2, 3, 7, 1_000])(
  "gives the same lines in chunks of %i bytes, and ends one at a line feed alone",
  async (size) => {
    const lines = ['{"a":"größe\u2028 😀\u2029"}', "", "\r", "last"];
    expect(await Array.fromAsync(linesOf(cut(lines.join("\n"), size)))).toEqual(lines);
  },
);

it("has no line behind the last line feed, and none in nothing", async () => {
  expect(await Array.fromAsync(linesOf(cut("a\n", 1)))).toEqual(["a"]);
  expect(await Array.fromAsync(linesOf(cut("", 1)))).toEqual([]);
});
