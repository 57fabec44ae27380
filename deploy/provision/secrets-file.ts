import { readFileSync } from "node:fs";
import { gitSees } from "../../cli/files/git-sees.ts";
import type { SecretItem } from "../account/secret-items.ts";
import { CommandError } from "../command/command-error.ts";
import { SECRETS } from "../secrets.ts";

/** A file of secrets that cannot be taken. The message never has a value. */
export class SecretsError extends CommandError {
  override readonly name = "SecretsError";
}

export type Values = Readonly<Record<string, string>>;

/**
 * Values by name, as `{"INGEST_CREDENTIALS": [ … ]}`: a member that is no text is taken as JSON. One name is one secret,
 * whichever Workers have it.
 * @param path of a file, or `-` for the process' input
 * @throws SecretsError if git could see the file, or it has a name that no Worker has
 */
export function readSecretsFile(path: string): Values {
  if (path !== "-" && gitSees(path)) {
    throw new SecretsError(
      `${path} is in a repository, where git sees it. Move it out, or make git ignore it. Nothing was read from it.`,
    );
  }
  return parseSecrets(readText(path), path);
}

function readText(path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (thrown) {
    throw new SecretsError(`${path} cannot be read (${(thrown as NodeJS.ErrnoException).code}). Nothing was set.`);
  }
}

export function parseSecrets(text: string, path: string): Values {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new SecretsError(`${path} is not JSON. Nothing was set.`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SecretsError(`${path} is no JSON object of names and values. Nothing was set.`);
  }
  const known = new Set(SECRETS.map(({ name }) => name));
  const unknown = Object.keys(parsed).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new SecretsError(
      `${path} has ${unknown.join(", ")}, which no Worker has; there are ${[...known].join(", ")}. Nothing was set.`,
    );
  }
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      if (text === "" || value === null) throw new SecretsError(`${path}: ${name} is empty. Nothing was set.`);
      return [name, text];
    }),
  );
}

/** The lines of the checklist: what each is, whether it is set, and how to make one. */
export function checklist(items: readonly SecretItem[]): string[] {
  return items.flatMap(({ secret, worker, isSet }) => {
    const state = isSet ? "set" : secret.isRequired ? "MISSING" : "not set (optional)";
    const line = `  ${worker.folder.padEnd(16)} ${secret.name.padEnd(20)} ${state}`;
    if (isSet || !secret.isRequired) return [line];
    const how = secret.generate ? [`${" ".repeat(18)}${secret.generate}`] : [];
    return [line, `${" ".repeat(18)}${secret.about}`, ...how];
  });
}
