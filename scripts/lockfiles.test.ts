import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Locked = {
  readonly version: string;
  readonly integrity?: string;
  readonly link?: true;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const LOCKFILES = globSync("**/package-lock.json", { exclude: ["**/node_modules", "**/.*"] });

it.each(LOCKFILES)("%s has an integrity hash for each package of every platform", (file) => {
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Readonly<Record<string, Locked>> };
  const fromRegistry = Object.entries(packages).filter(([path, { link }]) => path !== "" && !link);
  expect(fromRegistry.length).toBeGreaterThan(0);
  // npm does not verify a package without an integrity hash.
  const unhashed = fromRegistry.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""));
  expect(unhashed.map(([path, { version }]) => `${path} ${version}`)).toEqual([]);
});

it.each(LOCKFILES)("%s has what a package wants on other platforms than this one", (file) => {
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as { packages: Readonly<Record<string, Locked>> };
  const isLocked = (name: string) => Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
  // `npm ci` refuses such a lockfile. npm writes one if the registry lacks a package, or node_modules is of one platform.
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).flatMap((name) => (isLocked(name) ? [] : [`${path} wants ${name}`])),
  );
  expect(missing).toEqual([]);
});
