import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

/** What docs/ and CONTRIBUTING.md tell people to run with options. */
const COMMANDS = [
  "provision",
  "deploy",
  "rollback",
  "smoke",
  "capacity",
  "drill",
  "release",
  "verify:release",
  "deploy:under-load",
  "dev",
  "simulate",
  "fuzz",
  "nightly",
  "test:changed",
  "contracts:check",
  "schema:check",
  "story",
  "soak",
];

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

const compiled = mkdtempSync(join(tmpdir(), "concord-compiled-"));
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

function run(name: string, option: string) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const [, script = ""] = scripts[name]?.split(" ") ?? [];
    const child = spawn(process.execPath, [script, option], {
      // Each file is compiled once, and not for each of eighteen processes.
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.err += text;
    });
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

it.each(COMMANDS)("npm run %s says how it is called, and does nothing else", { timeout: 60_000 }, async (name) => {
  const { code, out, err } = await run(name, "--help");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(new RegExp(`^npm run ${name}\\b.*\\n[A-Z].*\\.(\\n|$)`));
});

it.each(COMMANDS)(
  "npm run %s refuses an option that it does not have, without a stack",
  { timeout: 60_000 },
  async (name) => {
    const { code, out, err } = await run(name, "--nonsense");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^Unknown option '--nonsense'/);
    expect(err).not.toMatch(/^ +at /m);
  },
);
