import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { commandsOf, runAll } from "./check.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

it("npm run check goes on after a command that fails", () => {
  const failing = 'node -e "process.exit(1)"';
  expect(runAll([failing, 'node -e ""', "no-such-tool-of-ours", failing])).toEqual([
    failing,
    "no-such-tool-of-ours",
    failing,
  ]);
});

it("npm run check runs format, lint, types, each generator, and the checks of migrations and contracts", () => {
  const commands = commandsOf(scripts);
  expect(commands).toEqual(expect.arrayContaining([scripts["format:check"], scripts.lint, scripts.types]));
  const generators = (scripts.generate ?? "").split(" && ");
  expect(generators.length).toBeGreaterThan(5);
  expect(commands).toEqual(expect.arrayContaining(generators.map((command) => `${command} --check`)));
  expect(commands).toEqual(
    expect.arrayContaining(["node scripts/check-migrations.ts", "node scripts/contracts-check.ts"]),
  );
});

it("npm run check checks the types of every project", () => {
  // The base is no project, the Node stack has libraries of its own, and the build of the SDK is its project once more.
  const apart = ["tsconfig.base.json", "bench/node-stack/tsconfig.json", "packages/sdk/tsconfig.build.json"];
  const projects = globSync("**/tsconfig*.json", { exclude: ["**/node_modules"] }).map((path) =>
    path.replaceAll("\\", "/"),
  );
  const { references } = JSON.parse(readFileSync("tsconfig.json", "utf8").replace(/^\s*\/\/.*$/gm, "")) as {
    references: { path: string }[];
  };
  const checked = references.map(({ path }) => (path.endsWith(".json") ? path : `${path}/tsconfig.json`));
  expect([...checked, "tsconfig.json", ...apart].sort()).toEqual(projects.sort());
});
