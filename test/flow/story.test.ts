import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Stack } from "../../local/stack.ts";
import { tellStory } from "../../story/story.ts";
import { sharedStack } from "../support/shared-stack.ts";

let stack: Stack;
const folder = mkdtempSync(join(tmpdir(), "concord-story-"));
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => rmSync(folder, { recursive: true }));

it("a fleet moves over from a warehouse and AppSync: only what was planted differs, and then nothing", async () => {
  const said: string[] = [];
  const failures = await tellStory({
    url: stack.url,
    folder,
    seed: 2,
    devices: 40,
    // How fast a change is shown is measured elsewhere, on a machine that does nothing else.
    freshWithinMs: 15_000,
    say: (text) => said.push(text),
    bar: () => () => {},
  });
  expect(failures, said.join("\n")).toEqual([]);
}, 240_000);
