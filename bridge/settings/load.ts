import { UsageError } from "../../cli/command/usage-error.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { type Given, type Reading, valueOfText } from "./given.ts";
import { howToGive } from "./how-to-give.ts";
import { LEAVES } from "./leaves.ts";
import { findConflicts } from "./requirements.ts";
import { BridgeSettings } from "./schema.ts";
import { readSecretFile } from "./secret-file.ts";
import { readYamlFile } from "./yaml-file.ts";

export type Sources = {
  /** By their names, without dashes. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Environment;
  readonly file?: { readonly path: string; readonly text: string } | undefined;
};

/**
 * The settings of all sources: a flag counts before a variable, and that before the file.
 * @throws UsageError with all that is wrong, and where each of it was found; it repeats no value, which may be secret
 */
export function loadSettings({ flags, env, file }: Sources): BridgeSettings {
  const none: Reading = { given: new Map(), problems: [] };
  const readings = [file ? readYamlFile(file.path, file.text) : none, readEnvironment(env), readFlags(flags)];
  const given = new Map(readings.flatMap((reading) => [...reading.given]));
  const parsed = BridgeSettings.safeParse(toObject(given));
  const problems = [
    ...readings.flatMap((reading) => reading.problems),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => describeIssue(path, message, given)),
    ...findConflicts(given),
  ];
  if (problems.length > 0 || !parsed.data) throw new UsageError(messageOf(problems));
  return parsed.data;
}

function readFlags(flags: Sources["flags"]): Reading {
  const given = new Map<string, Given>();
  const problems: string[] = [];
  for (const { name, kind, flag } of LEAVES) {
    const text = flags[flag];
    if (typeof text !== "string") continue;
    const origin = `--${flag}`;
    if (kind === "secret") readSecretFile(text, origin, name, given, problems);
    else given.set(name, { value: valueOfText(kind, text), origin });
  }
  return { given, problems };
}

/** Every group is there, so that its defaults are made. */
function toObject(given: ReadonlyMap<string, Given>): object {
  const all: Record<string, unknown> = {};
  for (const { path, name } of LEAVES) {
    const [group, member] = path as [string, string?];
    const value = given.get(name)?.value;
    if (member === undefined) all[group] = value;
    else all[group] = { ...(all[group] as object | undefined), [member]: value };
  }
  return all;
}

function describeIssue(path: readonly PropertyKey[], message: string, given: ReadonlyMap<string, Given>): string {
  const leaf = LEAVES.find((each) => each.path.every((part, i) => part === path[i]));
  if (!leaf) return `${path.join(".")}: ${message}`;
  const origin = given.get(leaf.name)?.origin;
  return origin === undefined
    ? `${leaf.name} is missing. ${howToGive(leaf.name)}`
    : `${origin}: ${leaf.name} ${message}`;
}

function messageOf(problems: readonly string[]): string {
  const [only, ...others] = problems;
  if (only !== undefined && others.length === 0) return `the bridge cannot start with these settings: ${only}`;
  return `the bridge cannot start with these settings:\n${problems.map((each) => `  - ${each}`).join("\n")}`;
}
