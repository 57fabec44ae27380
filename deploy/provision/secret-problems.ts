import type * as z from "zod";
import { Credentials, LOCAL_CREDENTIAL_HASH } from "#auth/credential.ts";
import { OpsAccess } from "#auth/ops-access.ts";
import { readerVarsSchema } from "#auth/reader-settings.ts";
import { jsonText } from "#json/json-of.ts";
import { TokenSettings } from "../../workers/ingest/auth/token-settings.ts";
import type { Environment } from "../environment.ts";
import type { Values } from "./secrets-file.ts";

const DeployedCredentials = Credentials.refine(
  (all) => all.every(({ hash }) => hash !== LOCAL_CREDENTIAL_HASH),
  "holds the local credential, whose secret is public; `npx concord credential` makes another",
);

/**
 * What is wrong with values of secrets, by the schemas with which the Workers read them: a value is in use as soon as it
 * is set, and a Worker that cannot read it serves nothing. The sentences never have a value. `OPS_WEBHOOKS` is left to
 * its Worker, which goes on without a webhook that it cannot read, and says so.
 */
export function secretProblems({ name }: Pick<Environment, "name">, values: Values): string[] {
  const schemas: Readonly<Record<string, z.ZodType>> = {
    INGEST_CREDENTIALS: jsonText(DeployedCredentials),
    INGEST_TOKENS: jsonText(TokenSettings),
    OPS_ACCESS: jsonText(OpsAccess),
    TOKEN_SECRET: readerVarsSchema({ ENVIRONMENT: name }).shape.TOKEN_SECRET,
  };
  return Object.entries(values).flatMap(([secret, value]) => {
    const issues = schemas[secret]?.safeParse(value).error?.issues ?? [];
    return issues.map(({ path, message }) => `${[secret, ...path].join(".")}: ${message}`);
  });
}
