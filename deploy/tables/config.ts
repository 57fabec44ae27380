import { parse, TomlError } from "smol-toml";
import { EnvironmentError } from "../environment.ts";
import { configPathOf, type WorkerName } from "./workers.ts";

export type Table = Readonly<Record<string, unknown>>;

/** A Worker's wrangler.toml without its generated part: the local environment. */
export type LocalConfig = {
  readonly worker: WorkerName;
  /** The text that a person writes, up to the marker. */
  readonly text: string;
  readonly table: Table;
  /** Names of its variables in their order; also of those that are only in a comment, as `# SHARED_REGISTERS = ""`. */
  readonly variables: readonly string[];
};

/** The line with which the generated part begins. */
export const MARKER =
  "# Below: written by `npm run generate` from what is above and from environments/*.toml. Edit those instead.";

/** @throws EnvironmentError that names the file, if it is no TOML or has a table of an environment above the marker */
export function readLocalConfig(worker: WorkerName, file: string): LocalConfig {
  const path = configPathOf(worker);
  const text = file.split(MARKER)[0] as string;
  const table = parseToml(path, text);
  if ("env" in table) {
    throw new EnvironmentError(`${path} has [env.…] above the line "${MARKER}". Move it to environments/*.toml.`);
  }
  const set = Object.keys((table.vars as Table | undefined) ?? {});
  const commented = [...text.matchAll(/^# ([A-Z][A-Z0-9_]*) = /gm)].map(([, name = ""]) => name);
  return { worker, text, table, variables: [...new Set([...set, ...commented])] };
}

function parseToml(path: string, text: string): Table {
  try {
    return parse(text);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    throw new EnvironmentError(`${path}, line ${thrown.line}: ${thrown.message.split("\n")[0]}. Nothing was written.`);
  }
}
