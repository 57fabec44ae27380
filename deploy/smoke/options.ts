import { parseArgs } from "node:util";
import { readServiceToken } from "#auth/service-token.ts";
import { isThisMachine } from "#base/this-machine.ts";
import { givenSigningKey } from "../../cli/ops/signing-key.ts";
import { UsageError } from "../command/command-error.ts";
import type { SmokeTarget } from "./target.ts";

export const USAGE = `npm run smoke -- [--url https://concord.example] [--header 'Name: value']… [--json]
Takes one device of its own the whole way through a platform, and removes it.

  --url      the front door; CONCORD_URL, or http://localhost:8787
  --header   sent with every request; may be repeated. For a version that gets no other requests:
             'Cloudflare-Workers-Version-Overrides: concord-staging="…"'
  --json     prints the report as JSON, once, at the end

  CONCORD_SMOKE_CREDENTIAL  id:secret of a producer that may write device.elt.registration.*; locally dev:dev
  CONCORD_TOKEN_KEY         the private key that signs the test's tokens, or a file with it; locally none is needed
  CONCORD_ACCESS_CLIENT_ID, CONCORD_ACCESS_CLIENT_SECRET
                            a service token, where Cloudflare Access is in front`;

/** What `npm run smoke` is told by its options and the environment. @throws UsageError if something is missing. Its message repeats no secret. */
export function targetFrom(args: readonly string[], env: NodeJS.ProcessEnv): SmokeTarget & { readonly json: boolean } {
  const { values } = parse(args);
  const url = urlFrom(values.url ?? (env.CONCORD_URL || "http://localhost:8787"));
  const isLocal = isThisMachine(url);
  const credential = env.CONCORD_SMOKE_CREDENTIAL || (isLocal ? "dev:dev" : "");
  if (!/^[^:]+:.+$/.test(credential)) {
    throw new UsageError(
      "Set CONCORD_SMOKE_CREDENTIAL to id:secret; `npx concord credential` makes one. Nothing was sent.",
    );
  }
  const signingKey = keyFrom(env);
  if (signingKey === undefined && !isLocal) {
    throw new UsageError(
      "Set CONCORD_TOKEN_KEY to the private key that signs tokens, or to its file. Nothing was sent.",
    );
  }
  const headers = { ...accessFrom(env), ...Object.fromEntries((values.header ?? []).map(headerFrom)) };
  return { url, credential, signingKey, headers, json: values.json };
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      header: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
    },
  });

function urlFrom(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Over plain HTTP the credential could be read on its way; on this machine there is no way.
  const isSafe = url && (url.protocol === "https:" || (url.protocol === "http:" && isThisMachine(url)));
  if (url && isSafe && !url.username && !url.password) return url;
  throw new UsageError(
    "--url has to be an address such as https://concord.example, without a password. Nothing was sent.",
  );
}

function keyFrom(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return givenSigningKey(env);
  } catch (thrown) {
    throw new UsageError(`${thrown instanceof Error ? thrown.message : thrown}. Nothing was sent.`);
  }
}

function headerFrom(text: string): [string, string] {
  const [, name, value] = /^([\w-]+): *(\S.*)$/.exec(text) ?? [];
  if (name && value) return [name, value];
  throw new UsageError("--header has to be 'Name: value'. Nothing was sent.");
}

function accessFrom(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const service = readServiceToken(env);
  if (!service.ok) throw new UsageError(`${service.message}. Nothing was sent.`);
  return service.headers;
}
