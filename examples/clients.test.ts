import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const blocks = [...read("docs/clients.md").matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```/gms)].map(
  ([, file = "", code = ""]) => [file, code] as const,
);

it("docs/clients.md shows code of each example", () => {
  expect(new Set(blocks.map(([file]) => file.split("/")[1]))).toEqual(
    new Set(["apollo", "dashboard", "relay", "urql"]),
  );
  // Each block names its file.
  expect(read("docs/clients.md").match(/^```ts$/gm)).toHaveLength(blocks.length);
});

it.each(blocks)("docs/clients.md shows %s as it is", (file, code) => {
  expect(read(file)).toContain(code);
});
