import * as z from "zod";
import { jsonText } from "#json/json-of.ts";
import { TokenIssuer } from "./issuer.ts";
import { OWN_ISSUER } from "./sign.ts";
import { LOCAL_TOKEN_SECRET } from "./token.ts";
import { isLocalKey, TokenKeys } from "./token-keys.ts";
import type { TokenTrust } from "./verify.ts";

const MIN_SECRET_LENGTH = 32;

const SET_ANOTHER = "set another with `wrangler secret put TOKEN_SECRET`";
const MAKE_A_KEY = "`npx concord keys new` makes one";

const Secret = z.string().min(1, "is empty");
const DeployedSecret = Secret.min(
  MIN_SECRET_LENGTH,
  `must have at least ${MIN_SECRET_LENGTH} characters; ${SET_ANOTHER}`,
).refine((secret) => secret !== LOCAL_TOKEN_SECRET, `is the local one, which is public; ${SET_ANOTHER}`);

const DeployedKeys = TokenKeys.refine(
  ({ keys }) => !keys.some(isLocalKey),
  `holds the local key, whose private half is public; ${MAKE_A_KEY}`,
);

/**
 * `TOKEN_KEYS` and `TOKEN_SECRET`, where they are set: empty keys are none. Outside the local environment neither may be
 * the local one. A Worker to which nobody could sign in says so, and serves nothing.
 * @param vars the Worker's own, as they are
 * @param waysIn the names of the variables of which one has to be set
 */
export const tokenVarsSchema = <Vars extends { readonly ENVIRONMENT: string; readonly TOKEN_KEYS?: string }>(
  vars: Vars,
  waysIn: readonly (keyof Vars & string)[],
) => {
  const isLocal = vars.ENVIRONMENT === "local";
  return {
    TOKEN_KEYS: vars.TOKEN_KEYS ? jsonText(isLocal ? TokenKeys : DeployedKeys) : noKeys(vars, waysIn),
    TOKEN_SECRET: (isLocal ? Secret : DeployedSecret).optional(),
  };
};

/** An absent or empty text, which is fine if there is another way in. */
const noKeys = <Vars>(vars: Vars, waysIn: readonly (keyof Vars & string)[]) =>
  waysIn.some((name) => vars[name])
    ? z
        .literal("")
        .optional()
        .transform(() => undefined)
    : z
        .string(noWayIn(waysIn))
        .min(1, noWayIn(waysIn))
        .transform(() => undefined);

const noWayIn = ([first, ...others]: readonly string[]): string =>
  `is missing, and ${others.join(" and ")} too, so nobody could come in. Set ${first}: ${MAKE_A_KEY} for [settings] of environments/{name}.toml`;

/** An issuer that calls itself as Concord does would make its tokens look like Concord's own. */
export const OtherIssuer = TokenIssuer.refine(({ issuer }) => issuer !== OWN_ISSUER, {
  path: ["issuer"],
  message: `must not be "${OWN_ISSUER}", which is what Concord calls itself`,
});

type Read = {
  readonly TOKEN_KEYS?: TokenKeys | undefined;
  readonly TOKEN_SECRET?: string | undefined;
  readonly TOKEN_ISSUER?: TokenIssuer | undefined;
};

export const toTokenTrust = ({ TOKEN_KEYS, TOKEN_SECRET, TOKEN_ISSUER }: Read): TokenTrust => ({
  keys: TOKEN_KEYS,
  secret: TOKEN_SECRET,
  issuer: TOKEN_ISSUER,
});

/** The ids of the keys that a Worker knows, for whoever waits for a rotation to arrive. */
export const kidsOf = ({ keys }: TokenTrust): string[] => keys?.keys.map(({ kid }) => kid) ?? [];
