import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COMMANDS, readCall } from "./account/call.ts";

const installed = JSON.parse(readFileSync("node_modules/wrangler/package.json", "utf8")) as { version: string };

it("the commands are those of the wrangler that is installed: after another version, `npm run generate:wrangler`", () => {
  expect(COMMANDS.version).toBe(installed.version);
});

it.each([
  ["a command that wrangler does not have", ["d1", "replicate", "concord"], "Unknown arguments: d1, replicate"],
  ["a flag that the command does not have", ["d1", "list", "--jsn"], "Unknown argument: jsn"],
  ["a flag without its value", ["secret", "list", "--name"], "Not enough arguments following: name"],
  ["too little", ["d1", "create"], "Not enough non-option arguments"],
  ["too much", ["queues", "create", "a", "b"], "Unknown argument: b"],
])("the stand-in refuses %s", (_, args, message) => {
  expect(() => readCall(args)).toThrow(message);
});

/** Calls in blocks of code, in code spans, and in the messages of our own commands. */
const TOLD = [...globSync(["README.md", "docs/**/*.md"]), ...globSync("deploy/**/*.ts")].flatMap((path) =>
  [...readFileSync(path, "utf8").matchAll(/npx wrangler ((?:"[^"`\n]*"|[^`\n#;)])+)/g)].map(
    ([, call = ""]) => [path, call.trim()] as const,
  ),
);

it("calls of wrangler are found in documents and messages", () => {
  expect(TOLD.length).toBeGreaterThan(10);
});

it.each(TOLD)("%s tells people to run a call that wrangler takes: %s", (_, call) => {
  // What a message or a shell puts in is one word, and so is what stands in quotes.
  const words = call
    .replace(/\$\{[^}]*\}/g, "word")
    .replace(/"[^"]*"|'[^']*'/g, "word")
    .replace(/ [<|>].*$/, "")
    .split(/\s+/);
  expect(readCall(words).command).toBeTruthy();
});
