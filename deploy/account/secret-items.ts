import { basename } from "node:path";
import type { Environment } from "../environment.ts";
import { SECRETS, type Secret } from "../secrets.ts";
import type { Worker } from "../workers.ts";
import type { Account } from "./account.ts";

/** A secret, and whether its Worker has one by that name. */
export type SecretItem = { readonly secret: Secret; readonly worker: Worker; readonly isSet: boolean };

/** Reads names only. */
export async function readSecretItems(
  account: Pick<Account, "listSecrets">,
  workers: readonly Worker[],
): Promise<readonly SecretItem[]> {
  const items: SecretItem[] = [];
  for (const worker of workers) {
    const secrets = SECRETS.filter((secret) => basename(worker.folder) === secret.worker);
    if (secrets.length === 0) continue;
    const names = (await account.listSecrets(worker)) ?? [];
    items.push(...secrets.map((secret) => ({ secret, worker, isSet: names.includes(secret.name) })));
  }
  return items;
}

/**
 * What is missing for anybody to sign in. Public keys are no secret: they stand in the environment's file. Two older ways
 * to sign in do as well.
 */
export function signInProblem({ name, settings }: Environment, items: readonly SecretItem[]): [string] | undefined {
  const hasSecret = items.some(({ secret, isSet }) => secret.name === "TOKEN_SECRET" && isSet);
  if (settings.TOKEN_KEYS || settings.TOKEN_ISSUER || hasSecret) return undefined;
  return [
    `TOKEN_KEYS in [settings] of environments/${name}.toml is empty, so nobody can sign in. \`npx concord keys new\` makes a key and prints its public entry; the line becomes TOKEN_KEYS = '{"keys":[ the entry ]}'. Then \`npm run generate\`.`,
  ];
}
