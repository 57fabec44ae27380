import type { Given } from "./given.ts";
import { secretInFile } from "./secret.ts";

/** Reads the file that a source names for a secret, or says why it cannot. */
export function readSecretFile(
  path: string,
  origin: string,
  name: string,
  given: Map<string, Given>,
  problems: string[],
): void {
  try {
    const value = secretInFile(path);
    if (value() === "") problems.push(`${origin}: ${path} is empty`);
    else given.set(name, { value, origin });
  } catch (error) {
    problems.push(`${origin}: ${(error as Error).message}`);
  }
}
