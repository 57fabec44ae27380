import { resolve } from "node:path";
import { type Secret, secretInFile, secretOf } from "../../bridge/settings/secret.ts";
import type { HeaderSpec } from "./schema.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Names whose values are secrets, whatever else they are. */
const SECRET = /^(proxy-)?authorization$|cookie|token|secret|password|credential|api-?key/i;

/** Headers of a side, asked for anew for each request. Says of each that cannot be had why, and repeats no value. */
export function headersOf(
  specs: Readonly<Record<string, HeaderSpec>>,
  { env, folder }: { readonly env: Env; readonly folder: string },
): { headers: () => Record<string, string>; problems: { name: string; message: string }[] } {
  const problems: { name: string; message: string }[] = [];
  const secrets: (readonly [name: string, prefix: string, value: Secret])[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    const found = typeof spec === "string" ? literal(name, spec) : secretFor(spec, env, folder);
    const prefix = typeof spec === "string" ? "" : spec.prefix;
    if (typeof found === "string") problems.push({ name, message: found });
    else if (!/^[\x20-\x7e\x80-\xff]*$/.test(prefix + found()))
      problems.push({ name, message: "holds characters that no header can have" });
    else secrets.push([name, prefix, found]);
  }
  return {
    headers: () => Object.fromEntries(secrets.map(([name, prefix, value]) => [name, prefix + value()])),
    problems,
  };
}

/** @returns the value, or why there is none */
function secretFor(spec: Exclude<HeaderSpec, string>, env: Env, folder: string): Secret | string {
  if ("env" in spec) {
    const value = env[spec.env];
    return value ? secretOf(value) : `the variable ${spec.env} is not set`;
  }
  try {
    return secretInFile(resolve(folder, spec.file));
  } catch (error) {
    return (error as Error).message;
  }
}

const literal = (name: string, text: string): Secret | string =>
  SECRET.test(name)
    ? "is a secret, and is not written here: take { env: NAME } or { file: path }, with a prefix such as 'Bearer ' if it has one"
    : () => text;
