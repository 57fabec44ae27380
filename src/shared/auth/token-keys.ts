import * as z from "zod";
import { jsonText } from "#json/json-of.ts";
import { lifeSeconds } from "./life.ts";
import { TOKEN_ROLES } from "./token-role.ts";

/** How long a key's tokens may live unless it says otherwise, and the longest that a key may say. Ours. */
export const DEFAULT_MAX_LIFE = "30d";
export const MAX_LIFE_SECONDS = 366 * 86_400;

/** Keys at once. Rotation needs two of a kind; the rest is room for several audiences. Ours. */
const MAX_KEYS = 20;

export const isKid = (kid: unknown): kid is string => typeof kid === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(kid);

const Kid = z.string().refine(isKid, "must be 1 to 64 of A-Z a-z 0-9 _ -");

/** A life as text, such as `30d`, from a minute to 366 days. */
const MaxLife = z.string().refine((text) => {
  const seconds = lifeSeconds(text) ?? 0;
  return seconds >= 60 && seconds <= MAX_LIFE_SECONDS;
}, "must be a span from 1m to 366d, such as 12h or 30d");

/** 32 bytes in base64url. The last character has two bits to spare, which are 0: so no key has a second spelling. */
export const Bytes32 = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "must be 32 bytes in base64url");

/** What a private and a public entry say of a key alike. */
export const KEY_MEMBERS = {
  kty: z.literal("OKP", 'must be "OKP"'),
  crv: z.literal("Ed25519", 'must be "Ed25519"'),
  x: Bytes32,
  kid: Kid,
  /** The roles that it may sign. */
  may: z.array(z.enum(TOKEN_ROLES, `must be one of ${TOKEN_ROLES.join(", ")}`)).min(1, "must name at least one role"),
  /** How long its tokens may live, from `iat` to `exp`. */
  maxLife: MaxLife.default(DEFAULT_MAX_LIFE),
  use: z.literal("sig").optional(),
  alg: z.literal("EdDSA").optional(),
};

/** A public key that verifies tokens: a JWK, with what it may sign. */
export const TokenKey = z.strictObject({
  ...KEY_MEMBERS,
  d: z.undefined("is the private half, which no Worker may have: leave it out, and make another key").optional(),
});
export type TokenKey = z.output<typeof TokenKey>;

const haveOwn = (keys: readonly TokenKey[], member: "kid" | "x"): boolean =>
  new Set(keys.map((key) => key[member])).size === keys.length;

/**
 * `TOKEN_KEYS`: the keys whose tokens are accepted, as a JWK set. Several at once, so that a key can be replaced without
 * an interruption. It holds public keys only, and is no secret.
 */
export const TokenKeys = z.strictObject({
  keys: z
    .array(TokenKey)
    .min(1, "must hold at least one key")
    .max(MAX_KEYS, `must hold at most ${MAX_KEYS} keys`)
    .refine((keys) => haveOwn(keys, "kid"), "must have a kid of its own for each key")
    .refine((keys) => haveOwn(keys, "x"), "must not hold one key twice"),
});
export type TokenKeys = z.output<typeof TokenKeys>;

let last: { readonly text: string; readonly keys: TokenKeys } | undefined;

/**
 * The keys in a Worker's variable `TOKEN_KEYS`, parsed once. For a Worker of another team that verifies tokens: it needs
 * the public keys, and no secret.
 * @throws Error that says what is wrong with which key
 */
export function parseTokenKeys(text: string): TokenKeys {
  if (last?.text === text) return last.keys;
  const { data: keys, error } = jsonText(TokenKeys).safeParse(text);
  if (!keys) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
    throw new Error(`TOKEN_KEYS holds no keys that verify tokens, so none is accepted: ${problems.join("; ")}.`);
  }
  last = { text, keys };
  return keys;
}

/** The public half of the key of local development, whose private half is published in `local-key.ts`. */
export const LOCAL_PUBLIC_KEY = "Ox-E3wbWKeRxf8wKH4pXXVfErcv37M5OCF3pZUpgZGQ";

export const isLocalKey = ({ x }: Pick<TokenKey, "x">): boolean => x === LOCAL_PUBLIC_KEY;
