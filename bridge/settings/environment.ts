import { nearest } from "../../cli/command/nearest.ts";
import { type Given, type Reading, valueOfText } from "./given.ts";
import { ENV_PREFIX, LEAVES } from "./leaves.ts";
import { secretOf } from "./secret.ts";
import { readSecretFile } from "./secret-file.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Of a Service that is called concord-bridge, Kubernetes makes variables for each of its pods. */
const OF_KUBERNETES = /^CONCORD_BRIDGE_(SERVICE_|PORT$|PORT_\d)/;

/** Settings from variables. An empty one is none. */
export function readEnvironment(env: Environment): Reading {
  const given = new Map<string, Given>();
  const problems: string[] = [];
  const known = new Set<string>();
  for (const { name, kind, env: variable } of LEAVES) {
    known.add(variable);
    const text = env[variable];
    const origin = variable;
    if (kind !== "secret") {
      if (text) given.set(name, { value: valueOfText(kind, text), origin });
      continue;
    }
    const inFile = `${variable}_FILE`;
    const path = env[inFile];
    known.add(inFile);
    if (text && path) problems.push(`${variable} and ${inFile} are both set. Remove one.`);
    else if (text) given.set(name, { value: secretOf(text), origin });
    else if (path) readSecretFile(path, inFile, name, given, problems);
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(ENV_PREFIX) || known.has(variable) || OF_KUBERNETES.test(variable)) continue;
    const similar = nearest(variable, [...known]);
    problems.push(`${variable}: there is no such setting.${similar === undefined ? "" : ` Did you mean ${similar}?`}`);
  }
  return { given, problems };
}
