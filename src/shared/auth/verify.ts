import { type CryptoKey, decodeJwt, decodeProtectedHeader, errors, importJWK, type JWTPayload, jwtVerify } from "jose";
import { type TokenIssuer, verifyIssued } from "./issuer.ts";
import { lifeSeconds } from "./life.ts";
import { encodeSecret, OWN_ISSUER } from "./sign.ts";
import { isKid, type TokenKey, type TokenKeys } from "./token-keys.ts";

/** Whose tokens are accepted. Only what is set is, and a token says which of them it is of: none is tried in turn. */
export type TokenTrust = {
  /** The platform's public keys: tokens of `EdDSA` that name one by its `kid`. */
  readonly keys?: TokenKeys | undefined;
  /** The platform's former way: a secret, and tokens of `HS256` without a `kid`. */
  readonly secret?: string | undefined;
  /** An OAuth 2 issuer: tokens with its name as `iss`, and an algorithm with two keys. */
  readonly issuer?: TokenIssuer | undefined;
  /** Whether a token whose signature holds was revoked. Without it, none was. */
  readonly isRevoked?: ((token: TokenIdentity) => Promise<boolean>) | undefined;
};

/** What logs and revocations name a token by; `null` where it does not say. */
export type TokenIdentity = {
  /** Of its key. */
  readonly kid: string | null;
  readonly jti: string | null;
  readonly sub: string | null;
  /** When it was issued, in seconds since 1970 UTC. */
  readonly issuedAtS: number | null;
};

/** Why a token is refused, for logs and metrics. */
export type RefusalReason =
  | "missing"
  | "malformed"
  | "not_accepted"
  | "unknown_key"
  | "signature"
  | "incomplete"
  | "expired"
  | "not_yet"
  | "too_long"
  | "role"
  | "revoked";

/** `message` is for the client's developer. `kid` and `jti` are what the token says, or `null` if that is not printable. */
export type Refusal = {
  readonly ok: false;
  /** 403 if the token itself is good, and what it asks for is not its to have. */
  readonly status: 401 | 403;
  readonly reason: RefusalReason;
  readonly message: string;
  readonly kid: string | null;
  readonly jti: string | null;
};

export type Verified = { readonly ok: true; readonly claims: JWTPayload; readonly token: TokenIdentity } | Refusal;

/** Characters of a token that is read at all. One of a hundred dealers has about nine thousand. Ours. */
const MAX_LENGTH = 65_536;

/** How far ahead of this Worker's clock the clock of who signed a token may be, in seconds. Ours. */
export const CLOCK_SKEW_S = 60;

type Read = { readonly alg: unknown; readonly kid: unknown; readonly iss: unknown; readonly jti: unknown };

/**
 * The claims of a token that one of `trust` has signed, as far as it may. Never throws on what a client sent.
 * @throws IssuerUnreachable if the issuer's keys cannot be fetched; TypeError if nothing at all is trusted
 */
export async function verifyToken(token: string, trust: TokenTrust): Promise<Verified> {
  const { keys, secret, issuer, isRevoked } = trust;
  if (!keys && !issuer) encodeSecret(secret ?? "");
  const read = readUnverified(token);
  if (!read) return refuse("malformed", NO_TOKEN);
  const verified = await verifyBy(read, token, trust);
  if (!verified.ok) return { ...verified, ...namesOf(read) };
  const identity = identityOf(verified.claims, namesOf(read));
  if (await isRevoked?.(identity)) return { ...refuse("revoked", REVOKED), ...namesOf(read) };
  return { ok: true, claims: verified.claims, token: identity };
}

/** Algorithm, issuer and kid alone decide what a token is verified with. */
async function verifyBy(read: Read, token: string, { keys, secret, issuer }: TokenTrust): Promise<Step> {
  if (read.alg === "HS256") {
    if (secret === undefined || read.kid !== undefined) return refuse("not_accepted", NOT_ACCEPTED);
    return verifyWithSecret(token, secret);
  }
  if (read.iss === OWN_ISSUER) {
    if (read.alg !== "EdDSA") return refuse("not_accepted", NOT_ACCEPTED);
    const key = keys?.keys.find(({ kid }) => kid === read.kid);
    return key ? verifyWithKey(token, key) : refuse("unknown_key", UNKNOWN_KEY);
  }
  if (!issuer) return refuse("not_accepted", NOT_ACCEPTED);
  const issued = await verifyIssued(token, issuer);
  return issued.ok ? issued : refuse(issued.hasExpired ? "expired" : "signature", issued.message);
}

type Step = { readonly ok: true; readonly claims: JWTPayload } | Refusal;

async function verifyWithSecret(token: string, secret: string): Promise<Step> {
  const options = { issuer: OWN_ISSUER, algorithms: ["HS256"], requiredClaims: ["exp"] };
  try {
    const { payload } = await jwtVerify(token, encodeSecret(secret), options);
    return { ok: true, claims: payload };
  } catch (thrown) {
    return refuseFor(thrown, BAD_SECRET);
  }
}

async function verifyWithKey(token: string, key: TokenKey): Promise<Step> {
  const options = { issuer: OWN_ISSUER, algorithms: ["EdDSA"], requiredClaims: ["exp", "iat", "jti"] };
  try {
    const { payload } = await jwtVerify(token, await importPublic(key), options);
    return checkAgainst(key, payload);
  } catch (thrown) {
    return refuseFor(thrown, BAD_SIGNATURE);
  }
}

/** What a signature does not say: whether the key may sign this. */
function checkAgainst({ may, maxLife }: TokenKey, claims: JWTPayload): Step {
  const { iat = 0, exp = 0, jti } = claims;
  if (typeof jti !== "string" || jti === "") return refuse("incomplete", LACKS("jti"));
  if (iat > Date.now() / 1_000 + CLOCK_SKEW_S) return refuse("not_yet", NOT_YET);
  if (exp - iat > (lifeSeconds(maxLife) ?? 0)) return refuse("too_long", TOO_LONG(maxLife));
  if (!(may as readonly unknown[]).includes(claims.role)) return { ...refuse("role", NOT_ITS_ROLE), status: 403 };
  return { ok: true, claims };
}

function refuseFor(thrown: unknown, otherwise: string): Refusal {
  if (thrown instanceof errors.JWTExpired) return refuse("expired", EXPIRED);
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    if (thrown.claim === "nbf") return refuse("not_yet", NOT_YET);
    return refuse("incomplete", thrown.claim === "iss" ? NOT_ACCEPTED : LACKS(thrown.claim));
  }
  if (thrown instanceof errors.JOSEError) return refuse("signature", otherwise);
  throw thrown;
}

// A WebSocket closes with at most 123 bytes, "Forbidden: " among them.
const NO_TOKEN = "That is no token. `concord token` prints one.";
const EXPIRED = "The token has expired; get a new one.";
const REVOKED = "The token was revoked; get a new one.";
const NOT_ACCEPTED = "The token is not valid here: its issuer, algorithm or kid is not one that is accepted.";
const UNKNOWN_KEY = "The token is not valid here: there is no key with its kid.";
const BAD_SIGNATURE = "The token is not valid here: its signature is not of the key that its kid names.";
const BAD_SECRET = "The token is not valid here: it was not signed with this deployment's secret.";
const NOT_YET = "The token is not valid yet: it was issued in the future. Compare the clocks.";
const NOT_ITS_ROLE = "The token's key may not sign its role.";
const LACKS = (claim: string): string =>
  `The token lacks a good ${claim}; \`concord token\` signs tokens that have it.`;
const TOO_LONG = (maxLife: string): string => `The token lives longer than its key allows, which is ${maxLife}.`;

/** @internal a refusal of a token of which nothing is known */
export const refuse = (reason: RefusalReason, message: string): Refusal => ({
  ok: false,
  status: 401,
  reason,
  message,
  kid: null,
  jti: null,
});

function readUnverified(token: string): Read | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    const { iss, jti } = decodeJwt(token);
    return { alg, kid, iss, jti };
  } catch {
    return undefined;
  }
}

/** What may be written into a log: whoever has no key may have chosen it. */
const namesOf = ({ kid, jti }: Read) => ({ kid: isKid(kid) ? kid : null, jti: isJti(jti) ? jti : null });

/** Ids of tokens are printable, and ours are UUIDs. */
export const isJti = (jti: unknown): jti is string => typeof jti === "string" && /^[\x21-\x7e]{1,200}$/.test(jti);

const identityOf = ({ jti, sub, iat }: JWTPayload, { kid }: Pick<TokenIdentity, "kid">): TokenIdentity => ({
  kid,
  jti: typeof jti === "string" ? jti : null,
  sub: typeof sub === "string" ? sub : null,
  issuedAtS: typeof iat === "number" ? iat : null,
});

/** Imported once for each setting. */
const imported = new WeakMap<TokenKey, CryptoKey>();

async function importPublic(key: TokenKey): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known) return known;
  const { kty, crv, x } = key;
  const made = (await importJWK({ kty, crv, x }, "EdDSA")) as CryptoKey;
  imported.set(key, made);
  return made;
}
