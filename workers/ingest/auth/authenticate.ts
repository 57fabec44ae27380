import type { Credential } from "#auth/credential.ts";
import { fromBase64 } from "#base/base64.ts";
import type { Config } from "../env.ts";
import { type Authenticated, findCredential } from "./credentials.ts";
import { verifyJwt } from "./jwt.ts";

/**
 * Authenticates a request: Basic with a credential's id and secret, Bearer with `id.secret`, or Bearer with a JWT. Never
 * throws on what a client sent.
 */
export async function authenticate(authorization: string | undefined, config: Config): Promise<Authenticated> {
  const [scheme = "", value = ""] = (authorization ?? "").trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case "basic":
      return known(await findCredential(basicPair(value), config.credentials));
    case "bearer":
      return value.split(".").length === 3
        ? verifyJwt(value, config.tokens)
        : known(await findCredential(value.replace(".", ":"), config.credentials));
    default:
      return refused(
        "Send this client's credentials: Basic with its id and secret, or Bearer with id.secret or a JWT.",
      );
  }
}

const known = (credential: Credential | undefined): Authenticated =>
  credential ? { ok: true, writer: credential } : refused("The id or the secret is wrong.");

const refused = (message: string): Authenticated => ({ ok: false, message });

/** `id:secret` from Basic's base64; "" if it is not base64, which no credential matches. */
function basicPair(base64: string): string {
  try {
    return new TextDecoder().decode(fromBase64(base64));
  } catch {
    return "";
  }
}
