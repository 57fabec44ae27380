import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SourceSpec } from "#contracts/define-source.ts";
import { contractNameOf } from "#contracts/topic.ts";
import { ROOT } from "../../local/tool.ts";
import { formatSource } from "../format-source.ts";
import { contractFilesOf, describeBadName, requireSources } from "./source-files.ts";

/**
 * Writes what follows from the folders of src/shared/contracts: the list of sources with what is particular to each, and
 * the list of contracts. A folder with a `source.ts` is a source, and every other file in it is a contract, but for
 * tests. With `--check` it writes nothing, and fails if a file is out of date.
 */
const CONTRACTS = "src/shared/contracts";

export type SourceFolder = { readonly spec: SourceSpec; readonly contracts: readonly string[] };

const HEADER =
  "// Written by `npm run generate` from the folders of src/shared/contracts that have a source.ts; not to be edited.";

/** All sources, by precedence. @throws Error that names the folder and what to do, if one of them cannot be a source */
export async function readSources(folder = join(ROOT, CONTRACTS)): Promise<SourceFolder[]> {
  requireSources(folder);
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "source.ts")))
    .map(({ name }) => name);
  const sources = await Promise.all(names.map((name) => readSource(folder, name)));
  const sorted = sources.toSorted((a, b) => a.spec.precedence - b.spec.precedence);
  requireOwn("precedence", sorted);
  requireOwn("title", sorted);
  return sorted;
}

/** Of two sources with one title, people could not tell which is meant. */
function requireOwn(member: "precedence" | "title", sources: readonly SourceFolder[]): void {
  for (const [i, { spec }] of sources.entries()) {
    const other = sources.slice(i + 1).find((each) => each.spec[member] === spec[member])?.spec;
    if (other)
      throw new Error(`${spec.name} and ${other.name} have the same ${member}, ${spec[member]}: change one of them.`);
  }
}

async function readSource(folder: string, name: string): Promise<SourceFolder> {
  const file = join(folder, name, "source.ts");
  const bad = describeBadName(name);
  if (bad) throw new Error(`${file}: ${bad}. Rename the folder.`);
  const exported = (await import(pathToFileURL(file).href)) as Record<string, SourceSpec | undefined>;
  const spec = exported[name];
  if (spec?.name !== name)
    throw new Error(`${file} has to export \`${name}\`, a defineSource({ name: ${JSON.stringify(name)}, … }).`);
  if (!Number.isSafeInteger(spec.precedence) || spec.title.trim() === "")
    throw new Error(`${file} needs a title, and a whole number as its precedence.`);
  const contracts = contractFilesOf(folder, name);
  if (contracts.length === 0)
    throw new Error(
      `${file}: a source without a contract is read by nobody. Run npm run contracts:new -- --source ${name}.`,
    );
  return { spec, contracts };
}

/** `src/shared/domain/sources.ts`: plain data, for code that may not import contracts. */
export function domainText(sources: readonly SourceFolder[]): string {
  const names = sources.map(({ spec }) => JSON.stringify(spec.name)).join(", ");
  const traits = sources.map(({ spec: { name, title, takes } }) => `${name}: ${JSON.stringify({ title, takes })},`);
  return `${HEADER}
import type { SourceTraits } from "./source-traits.ts";

/**
 * By precedence: of several sources that have a record of the same dealer or customer id, readers see the record of the
 * first.
 */
export const SOURCES = [${names}] as const;
/** A system that publishes events. */
export type Source = (typeof SOURCES)[number];

export const SOURCE_TRAITS = { ${traits.join("\n")} } as const satisfies Readonly<Record<Source, SourceTraits>>;
`;
}

/** `src/shared/contracts/all-sources.ts` */
function sourcesText(sources: readonly SourceFolder[]): string {
  const names = sources.map(({ spec }) => spec.name);
  return `${HEADER}
import type { Source } from "#domain/sources.ts";
import type { SourceSpec } from "./define-source.ts";
${names.map((name) => `import { ${name} } from "./${name}/source.ts";`).join("\n")}

export const SOURCE_SPECS: Readonly<Record<Source, SourceSpec>> = { ${names.join(", ")} };
`;
}

/** `src/shared/contracts/all-contracts.ts` */
export function contractsText(sources: readonly SourceFolder[]): string {
  const files = sources.flatMap(({ spec, contracts }) => contracts.map((base) => ({ source: spec.name, base })));
  const named = files.map(({ source, base }) => ({
    path: `./${source}/${base}.ts`,
    name: contractNameOf(source, base),
  }));
  return `${HEADER}
${named.map(({ name, path }) => `import { ${name} } from "${path}";`).join("\n")}

export const ALL_CONTRACTS = [
  ${named.map(({ name }) => `${name},`).join("\n  ")}
] as const;
`;
}

async function main(): Promise<void> {
  const sources = await readSources();
  const files = {
    "src/shared/domain/sources.ts": domainText(sources),
    [`${CONTRACTS}/all-sources.ts`]: sourcesText(sources),
    [`${CONTRACTS}/all-contracts.ts`]: contractsText(sources),
  };
  for (const [file, text] of Object.entries(files)) {
    const path = join(ROOT, file);
    const written = formatSource(file, text);
    if (existsSync(path) && readFileSync(path, "utf8") === written) continue;
    if (process.argv.includes("--check")) {
      console.error(`${file} is stale: run npm run generate and commit it.`);
      process.exitCode = 1;
    } else {
      writeFileSync(path, written);
      console.log(`wrote ${file}`);
    }
  }
}

if (import.meta.main) {
  await main().catch((thrown: Error) => {
    console.error(`${thrown.message}\nNothing was written.`);
    process.exitCode = 1;
  });
}
