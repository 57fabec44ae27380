import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { History } from "../history.ts";

const PACKAGES = ["package.json", "packages/cli/package.json", "packages/sdk/package.json"];

export const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;

/** Packages whose version is not that of the platform: sentences. */
export function strayVersions(root: string): string[] {
  const version = versionOf(root);
  return PACKAGES.filter((path) => !readFileSync(join(root, path), "utf8").includes(`"version": "${version}"`)).map(
    (path) => `${path} does not have the version of package.json, ${version}: a release has one version.`,
  );
}

/** Writes the version wherever it stands: the packages, the lockfile, who depends on the SDK, and names of tarballs. */
export function writeVersion(version: string, { git }: History, root: string): string[] {
  const before = versionOf(root);
  const edit = (path: string, change: (text: string) => string): string[] => {
    const text = readFileSync(join(root, path), "utf8");
    const changed = change(text);
    if (changed !== text) writeFileSync(join(root, path), changed);
    return changed === text ? [] : [path];
  };
  const own = (text: string) => text.replace(`"version": "${before}"`, `"version": "${version}"`);
  const named = (text: string) =>
    text
      .replaceAll(`"concord-sdk": "^${before}"`, `"concord-sdk": "^${version}"`)
      .replaceAll(`concord-${before}.tgz`, `concord-${version}.tgz`)
      .replaceAll(`concord-sdk-${before}.tgz`, `concord-sdk-${version}.tgz`);
  const listed = git("ls-files", "*package.json", "*.md")?.split("\n") ?? [];
  const naming = listed.filter((path) => path !== "CHANGELOG.md" && !PACKAGES.includes(path));
  return [
    ...PACKAGES.flatMap((path) => edit(path, own)),
    ...edit("package-lock.json", (text) => lockedAs(version, text)),
    ...naming.flatMap((path) => edit(path, named)),
  ];
}

/** A lockfile has the version of its own package twice. */
function lockedAs(version: string, text: string): string {
  const lock = JSON.parse(text) as { version: string; packages: { "": { version: string } } };
  lock.version = version;
  lock.packages[""].version = version;
  return `${JSON.stringify(lock, null, 2)}\n`;
}
