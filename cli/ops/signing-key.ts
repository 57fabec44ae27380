import { readFileSync } from "node:fs";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { UsageError } from "../command/usage-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What tokens are signed with: CONCORD_TOKEN_KEY, which is a private key as JSON or a file with one; or
 * CONCORD_TOKEN_SECRET; or the key of local development.
 * @throws UsageError which repeats neither
 */
export function signingKeyIn(env: Env): string {
  const key = env.CONCORD_TOKEN_KEY?.trim();
  if (!key) return env.CONCORD_TOKEN_SECRET || LOCAL_TOKEN_KEY;
  if (key.startsWith("{")) return key;
  try {
    return readFileSync(key, "utf8").trim();
  } catch (thrown) {
    const { code = "it cannot be read" } = thrown as NodeJS.ErrnoException;
    throw new UsageError(`CONCORD_TOKEN_KEY names no file that can be read (${code}); concord keys new makes one`);
  }
}
