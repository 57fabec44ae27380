import { expect, it } from "vitest";
import { readLines } from "./lines.ts";

async function* cut(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

it.each([1, 2, 3, 7, 1_000])(
  "a stream in chunks of %i bytes has the same lines, which only a line feed ends",
  async (size) => {
    const lines = ['{"a":"größe\u2028 😀\u2029"}', "", "\r", "last"];
    expect(await Array.fromAsync(readLines(cut(lines.join("\n"), size)))).toEqual(lines);
  },
);

it("a stream has no line after its last line feed, and an empty stream has none", async () => {
  expect(await Array.fromAsync(readLines(cut("a\n", 1)))).toEqual(["a"]);
  expect(await Array.fromAsync(readLines(cut("", 1)))).toEqual([]);
});
