import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../local/tool.ts";
import { SECRETS } from "./secrets.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Names of the texts among a Worker's bindings: each is a variable or a secret. */
const textsOf = (source: string): string[] =>
  [...source.matchAll(/^ {2}readonly ([A-Z][A-Z0-9_]*)\??: string;$/gm)].map(([, name = ""]) => name);

/** Names that the local environment of a wrangler.toml sets, also in a comment. */
const variablesOf = (toml: string): string[] =>
  [...(toml.split("\n[env.")[0] ?? "").matchAll(/^(?:# )?([A-Z][A-Z0-9_]*) = /gm)].map(([, name = ""]) => name);

const READER_VARS = textsOf(read("src/shared/auth/reader-settings.ts"));

describe.each(["ingest", "api", "devices", "dlq", "metrics"] as const)("the secrets of %s", (worker) => {
  const source = read(`workers/${worker}/env.ts`);
  const texts = [...textsOf(source), ...(source.includes("ReaderVars") ? READER_VARS : [])];
  const secrets = SECRETS.filter((secret) => secret.worker === worker).map(({ name }) => name);

  it("are texts that it reads", () => {
    expect(secrets.filter((name) => !texts.includes(name))).toEqual([]);
  });

  it("are all texts that its wrangler.toml does not name as variables", () => {
    const variables = variablesOf(read(`workers/${worker}/wrangler.toml`));
    expect(texts.filter((name) => !variables.includes(name) && !secrets.includes(name))).toEqual([]);
  });
});

it("docs/deploy.md has every setting and every secret", () => {
  const table = read("docs/deploy.md").split("\n## Settings\n")[1]?.split("\n## ")[0] ?? "";
  const variables = ["ingest", "api", "devices", "dlq"].flatMap((worker) =>
    variablesOf(read(`workers/${worker}/wrangler.toml`)).filter((name) => name !== "ENVIRONMENT"),
  );
  expect(variables).toContain("TOKEN_ISSUER");
  const names = [...variables, ...SECRETS.map(({ name }) => name)];
  expect(names.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});

it("the secrets are named once for each Worker", () => {
  const names = SECRETS.map(({ worker, name }) => `${worker} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(READER_VARS).toContain("TOKEN_SECRET");
});
