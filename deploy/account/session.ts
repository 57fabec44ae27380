import type { Environment } from "../environment.ts";
import { accountOf } from "./account.ts";
import { createApi, credentialsOf } from "./cloudflare-api.ts";
import { findAccount } from "./login.ts";
import { installedWrangler } from "./wrangler.ts";

/** An environment's account, by wrangler and by the API, with the login of whoever runs this. */
export type Session = Awaited<ReturnType<typeof openSession>>;

/** @throws LoginError if nobody is logged in, or it is not clear which account is meant */
export async function openSession(environment: Environment) {
  const id = await findAccount(accountOf(installedWrangler()), environment);
  const wrangler = installedWrangler({ CLOUDFLARE_ACCOUNT_ID: id });
  const api = createApi({ account: id, credentials: await credentialsOf(wrangler) });
  return { id, wrangler, account: accountOf(wrangler), api };
}
