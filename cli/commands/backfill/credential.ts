import { isThisMachine } from "#base/this-machine.ts";
import { UsageError } from "../../command/usage-error.ts";

/** What `npm run dev` accepts. */
const LOCAL_CREDENTIAL = "dev:dev";

/**
 * The value of the header `Authorization`: CONCORD_CREDENTIAL, or the credential of a local platform.
 * @throws UsageError which does not repeat the credential
 */
export function authorizationFor(url: URL, env: Readonly<Record<string, string | undefined>>): string {
  const credential = env.CONCORD_CREDENTIAL?.trim() || (isThisMachine(url) ? LOCAL_CREDENTIAL : undefined);
  if (credential === undefined)
    throw new UsageError("CONCORD_CREDENTIAL is not set; `concord credential --id backfill --may '*'` creates one");
  if (!/^[\x21-\x7e]+:[\x21-\x7e]+$/.test(credential)) throw new UsageError("CONCORD_CREDENTIAL has to be id:secret");
  return `Basic ${Buffer.from(credential).toString("base64")}`;
}
