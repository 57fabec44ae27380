import { readFileSync } from "node:fs";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { UsageError } from "../command/usage-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What tokens are signed with: what the environment gives, or the key of local development. @throws UsageError as below */
export const signingKeyIn = (env: Env): string => givenSigningKey(env) ?? LOCAL_TOKEN_KEY;

/**
 * CONCORD_TOKEN_KEY, which is a private key as JSON or a file with one; or CONCORD_TOKEN_SECRET, the former secret of a
 * platform; or `undefined`.
 * @throws UsageError which repeats neither
 */
export function givenSigningKey(env: Env): string | undefined {
  const key = env.CONCORD_TOKEN_KEY?.trim();
  if (!key) return env.CONCORD_TOKEN_SECRET || undefined;
  if (key.startsWith("{")) return key;
  try {
    return readFileSync(key, "utf8").trim();
  } catch (thrown) {
    const { code = "it cannot be read" } = thrown as NodeJS.ErrnoException;
    throw new UsageError(`CONCORD_TOKEN_KEY names no file that can be read (${code}); concord keys new makes one`);
  }
}
