import { CommandError } from "../command/command-error.ts";
import type { Environment } from "../environment.ts";
import type { Account } from "./account.ts";

/** The account in which nothing can be done: nobody is logged in, or it is not clear which account is meant. */
export class LoginError extends CommandError {
  override readonly name = "LoginError";
}

/**
 * The account that an environment is in: the one that its file or `CLOUDFLARE_ACCOUNT_ID` names, or the only one that
 * the login has.
 * @throws LoginError that says what to do
 */
export async function findAccount(account: Pick<Account, "whoAmI">, environment: Environment): Promise<string> {
  const { loggedIn, accounts } = await account.whoAmI();
  if (!loggedIn) {
    throw new LoginError(
      "Nobody is logged in. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN. Nothing was done.",
    );
  }
  const known = environment.account ?? process.env.CLOUDFLARE_ACCOUNT_ID;
  // A token that may not read the account's settings sees none, and is enough for all the rest.
  if (known !== undefined && accounts.length === 0) return known;
  const file = `environments/${environment.name}.toml`;
  const list = accounts.map(({ id, name }) => `\n  ${id}  ${name}`).join("");
  if (known !== undefined) {
    if (accounts.some(({ id }) => id === known)) return known;
    throw new LoginError(
      `${environment.account ? file : "CLOUDFLARE_ACCOUNT_ID"} names account ${known}, and this login has no access to it. It has:${list}\nNothing was done.`,
    );
  }
  const [only, ...others] = accounts;
  if (only && others.length === 0) return only.id;
  if (only) throw new LoginError(`This login has several accounts. Put one into ${file}, as \`account = "…"\`:${list}`);
  throw new LoginError(
    "This login has no account: the token needs the permission Account Settings: Read. Nothing was done.",
  );
}
