import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readYaml, toIssue } from "../../cli/settings/yaml.ts";
import { BackfillProblem } from "../problem.ts";
import { type Compiled, compileMapping, type MappingIssue, type RowFunctions } from "./compile.ts";
import type { Lookups } from "./lookups.ts";
import { Mapping } from "./schema.ts";

export type LoadedMapping = {
  readonly mapping: Mapping;
  readonly rows: RowFunctions;
  /** SHA-256 of the file, in hex: a run is resumed only with the mapping that it began with. */
  readonly hash: string;
  /** @throws BackfillProblem with all that is wrong, and the line of each */
  readonly compile: (lookups: Lookups) => Compiled["tables"];
};

/**
 * Reads a mapping: YAML, or a TypeScript module that exports one as `default`, and maybe functions on rows as `rows`.
 * @throws BackfillProblem with all that is wrong with it, and the line of each
 */
export async function loadMapping(path: string): Promise<LoadedMapping> {
  const text = readText(path);
  const hash = createHash("sha256").update(text).digest("hex");
  const { value, rows, placeOf } = /\.[cm]?[jt]s$/.test(path) ? await readModule(path) : readYamlMapping(path, text);
  const parsed = Mapping.safeParse(value);
  if (!parsed.success) throw problemOf(path, parsed.error.issues.map(toIssue), placeOf);
  const compile = (lookups: Lookups) => {
    const { tables, issues } = compileMapping(parsed.data, lookups, rows);
    if (issues.length > 0) throw problemOf(path, issues, placeOf);
    return tables;
  };
  // What is wrong whatever the lookups hold is said before they are read.
  compile(new Map(Object.keys(parsed.data.lookups).map((name) => [name, new Map()])));
  return { mapping: parsed.data, rows, hash, compile };
}

type PlaceOf = (path: readonly PropertyKey[]) => string;
type Source = { readonly value: unknown; readonly rows: RowFunctions; readonly placeOf: PlaceOf };

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new BackfillProblem(`there is no mapping ${path}. \`concord backfill inspect FILE\` writes a first one.`);
  }
}

async function readModule(path: string): Promise<Source> {
  const module = (await import(pathToFileURL(resolve(path)).href).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_UNKNOWN_FILE_EXTENSION") throw error;
    throw new BackfillProblem(
      `${path} is TypeScript, which Node ${process.version} does not run. Nothing was sent. Use Node 22.18 or newer, or write the mapping as JavaScript (mapping.mjs).`,
    );
  })) as { default?: unknown; rows?: RowFunctions };
  return { value: module.default, rows: module.rows ?? {}, placeOf: () => path };
}

function readYamlMapping(path: string, text: string): Source {
  const { value, placeOf, problems } = readYaml(path, text);
  if (value === undefined && problems.length > 0)
    throw new BackfillProblem(["the mapping is no YAML:", ...problems.map((each) => `  - ${each}`)].join("\n"));
  return { value, rows: {}, placeOf };
}

function problemOf(path: string, issues: readonly MappingIssue[], placeOf: PlaceOf): BackfillProblem {
  const lines = issues.map(({ path: at, message }) => `  - ${placeOf(at)}: ${at.join(".") || "it"} ${message}`);
  return new BackfillProblem(
    [`the mapping ${path} cannot be used, and nothing was sent:`, ...new Set(lines)].join("\n"),
  );
}
