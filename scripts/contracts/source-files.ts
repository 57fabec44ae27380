import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { contractNameOf } from "#contracts/topic.ts";

/**
 * What cannot be a source or a contract, found in the text of its files: they cannot be imported before the list of
 * sources is written. Each function throws an Error that names the file and what to do.
 */

const CONTRACT = /^export const (\w+) = defineContract\(/gm;
const TOPIC = /^\s*topic: "([^"]*)"/gm;

/** Why a name cannot be a source's; `undefined` for one that can. */
export function describeBadName(name: string): string | undefined {
  if (!/^[a-z][a-z0-9]{0,31}$/.test(name)) return "a name has lower-case letters and digits alone, at most 32";
  if (!isIdentifier(name)) return "JavaScript has this word for itself, so no constant can have it as its name";
  return IN_TESTS.has(name) ? "the tests of a source have something else of this name" : undefined;
}

/** What a source's test imports: templates.ts. */
const IN_TESTS = new Set(["it", "expect", "parse"]);

function isIdentifier(name: string): boolean {
  try {
    // Nothing is run: the function is only compiled, in strict mode as modules are.
    new Function(`"use strict"; async () => { const ${name} = 0; };`);
    return true;
  } catch {
    return false;
  }
}

const isCode = (name: string): boolean => name.endsWith(".ts") && !name.endsWith(".test.ts");

/** The files of a source's folder that are contracts, without their ending. */
export function contractFilesOf(folder: string, source: string): string[] {
  const entries = readdirSync(join(folder, source), { withFileTypes: true });
  const inner = entries.find((entry) => entry.isDirectory());
  if (inner)
    throw new Error(
      `${join(folder, source, inner.name)}: nothing in it would be read. Contracts stand in ${source} itself.`,
    );
  const bases = entries
    .map(({ name }) => name)
    .filter((name) => isCode(name) && name !== "source.ts")
    .map((name) => name.replace(/\.ts$/, ""))
    .toSorted();
  const names = bases.map((base) => requireContract(join(folder, source, `${base}.ts`), source, base));
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice >= 0)
    throw new Error(
      `${join(folder, source)}: two files export \`${names[twice]}\`, of which one is ${bases[twice]}.ts. Rename it.`,
    );
  return bases;
}

/** @returns the name by which the list of contracts imports it */
function requireContract(file: string, source: string, base: string): string {
  const text = readFileSync(file, "utf8");
  const name = contractNameOf(source, base);
  const exported = [...text.matchAll(CONTRACT)].map(([, its]) => its);
  if (exported.length > 1)
    throw new Error(`${file} has the contracts ${exported.join(" and ")}: each topic has a file of its own.`);
  if (exported[0] !== name)
    throw new Error(
      `${file} has to export \`${name}\`, a defineContract({ … }). What several contracts share belongs in src/shared/contracts/entities.`,
    );
  const [topic = ""] = [...text.matchAll(TOPIC)].map(([, its]) => its);
  const [, of, ...rest] = topic.split(".");
  if (of !== source || rest.join("-") !== base)
    throw new Error(
      `${file} has the topic "${topic}". By its folder and name it is device.${source}.{entity}.{action}, with {entity}-{action} = ${base}: correct the topic, or move the file.`,
    );
  return name;
}

/** Contracts in a folder that is no source would be read by nobody. */
export function requireSources(folder: string): void {
  const lost = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !existsSync(join(folder, entry.name, "source.ts")))
    .find(({ name }) => readdirSync(join(folder, name)).some((file) => isContract(join(folder, name, file))));
  if (lost)
    throw new Error(
      `${join(folder, lost.name)} has contracts and no source.ts, without which they are not read. Write it: docs/adding-a-source.md.`,
    );
}

const isContract = (file: string): boolean => isCode(file) && readFileSync(file, "utf8").search(CONTRACT) >= 0;
