import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ROOT } from "../local/tool.ts";

/** Runs every command, even after one failed. @returns those that failed */
export function runAll(commands: readonly string[]): string[] {
  const PATH = [join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);
  return commands.filter((command) => {
    // By the shell, as npm runs its scripts: on Windows a tool is a batch file, which only the shell can start.
    const { status, error } = spawnSync(command, {
      shell: true,
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PATH },
    });
    if (error) console.error(error.message);
    return status !== 0;
  });
}

/** What has to pass before a test is worth running: format, lint, types, and generated files. */
export function commandsOf(scripts: Readonly<Record<string, string>>): string[] {
  return ["format:check", "lint", "types", "generate:check", "contracts:check"].flatMap((name) =>
    (scripts[name] ?? "").split(" && "),
  );
}

if (import.meta.main) {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const commands = commandsOf(scripts);
  const failed = runAll(commands);
  const passed = commands.length - failed.length;
  console.log(`\n${passed} of ${commands.length} checks passed.`);
  for (const command of failed) console.log(`failed: ${command}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
