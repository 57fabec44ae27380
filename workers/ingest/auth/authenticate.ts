import type { Credential } from "../../../src/shared/auth/credential.ts";
import { bytesOfBase64 } from "../../../src/shared/base64.ts";
import type { Config } from "../env.ts";
import { type Authenticated, findCredential } from "./credentials.ts";
import { verifyJwt } from "./jwt.ts";

/**
 * Who sent a request: Basic with a key's id and secret, Bearer with `id.secret`, or Bearer with a JWT. Never throws on
 * what a client sent.
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
  credential ? { ok: true, writer: credential } : refused("The id or the secret is not one of ours.");

const refused = (message: string): Authenticated => ({ ok: false, message });

/** `id:secret` out of Basic's base64; anything else is some text that no hash fits. */
function basicPair(base64: string): string {
  try {
    return new TextDecoder().decode(bytesOfBase64(base64));
  } catch {
    return "";
  }
}
