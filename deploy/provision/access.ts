import { findFrontDoor } from "../account/front-door.ts";
import { readSecretItems } from "../account/secret-items.ts";
import type { ProvisionDeps } from "./provision.ts";

const TIMEOUT_MS = 10_000;

/** Asks the front door whether Cloudflare Access is in front of `/ops`, where the dlq Worker has `OPS_ACCESS`. */
export async function checkAccess(
  deps: Pick<ProvisionDeps, "account" | "api" | "environment" | "workers" | "say">,
  fetch = globalThis.fetch,
): Promise<void> {
  const secrets = await readSecretItems(deps.account, deps.workers);
  if (!secrets.some(({ secret, isSet }) => secret.name === "OPS_ACCESS" && isSet)) return;
  const url = await findFrontDoor(deps.environment, deps.workers, deps.api);
  const ops = url && new URL("/ops/", url);
  const answer =
    ops && (await fetch(ops, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null));
  deps.say(`\n${accessLine(ops, answer?.headers.get("Location") ?? null, answer?.status)}`);
}

/** What an answer of `/ops/` without a session says. Access sends whoever has none to its own sign-in page. */
export function accessLine(ops: URL | undefined, location: string | null, status: number | undefined): string {
  if (!ops || status === undefined)
    return "OPS_ACCESS is set. The front door does not answer yet, so Access was not checked.";
  if (location !== null && URL.parse(location, ops)?.hostname.endsWith(".cloudflareaccess.com")) {
    return `Cloudflare Access is in front of ${ops}.`;
  }
  return [
    `OPS_ACCESS is set, and ${ops} was answered ${status} without Access.`,
    "In the dashboard: Zero Trust, Access, Applications, Add an application, Self-hosted;",
    `public hostname ${ops.hostname}, path ops; then a policy of who may sign in. docs/runbook.md has the rest.`,
  ].join("\n");
}
