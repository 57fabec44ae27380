import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { confirmed } from "./confirm.ts";

/** @param isTTY of what is typed: what is said may go elsewhere */
function terminal(isTTY: boolean, typed: string) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  input.end(`${typed}\n`);
  return { input, output };
}

it.each([
  ["y", true],
  ["Yes", true],
  ["n", false],
  ["", false],
  ["yesterday", false],
])("somebody at a terminal who types %j is asked, also where the output is piped", async (typed, isYes) => {
  const at = terminal(true, typed);
  expect(await confirmed("Deploy?", false, at)).toBe(isYes);
  expect(String(at.output.read())).toContain("Deploy? [y/N]");
});

it.each([
  ["with --yes", true, true],
  ["without a terminal", false, false],
])("%s nobody is asked", async (_, isYes, isTTY) => {
  const at = terminal(isTTY, "n");
  expect(await confirmed("Deploy?", isYes, at)).toBe(true);
  expect(at.output.read()).toBeNull();
});
