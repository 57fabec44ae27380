import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT, run } from "../local/tool.ts";

/** The domain in a folder of its own, where it can be changed and compiled. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "concord-types-"));
  mkdirSync(join(folder, "src/shared"), { recursive: true });
  cpSync(join(ROOT, "src/shared/domain"), join(folder, "src/shared/domain"), { recursive: true });
  for (const file of ["tsconfig.base.json", "tsconfig.core.json"]) cpSync(join(ROOT, file), join(folder, file));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files in which something does not compile once `type` has another member. */
function brokenBy(file: string, type: RegExp): string[] {
  const path = join(folder, "src/shared/domain", file);
  const text = readFileSync(path, "utf8");
  expect(text).toMatch(type);
  writeFileSync(
    path,
    text.replace(type, (found) => `${found}\n  readonly battery?: { readonly level: number };`),
  );
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = run(process.execPath, [tsc, "-p", "tsconfig.core.json", "--incremental", "false"], {
    cwd: folder,
  });
  writeFileSync(path, text);
  return [...new Set([...stdout.matchAll(/domain\/([a-z-]+\.ts)\(/g)].map(([, name]) => name as string))];
}

it.each([
  ["Change", "change.ts", /export type Change = \{/, "fleet.ts"],
  ["AlertChange", "change.ts", /export type AlertChange = \{/, "fleet.ts"],
  ["Aspects", "device.ts", /export type Aspects = \{/, "device.ts"],
  ["Alert", "alert.ts", /export type Alert = \{/, "alert.ts"],
])("a new member of %s does not compile until the fleet handles it", (_, file, type, breaks) => {
  expect(brokenBy(file, type)).toContain(breaks);
});
