import { userInfo } from "node:os";
import { readServiceToken, SERVICE_TOKEN_VARIABLES } from "#auth/service-token.ts";
import { isThisMachine } from "#base/this-machine.ts";
import { UsageError } from "../command/usage-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

const LOCAL_URL = "http://127.0.0.1:8787";

/**
 * The address of the platform: `--url`, CONCORD_URL, or the local one.
 * @throws UsageError which does not repeat the address, since it may hold a password
 */
export function platformUrl(given: string | undefined, { CONCORD_URL }: Env): URL {
  const text = given ?? (CONCORD_URL || LOCAL_URL);
  const name = given === undefined ? "CONCORD_URL" : "--url";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError(`${name} has to be an address such as https://concord.example`);
  if (url.username || url.password)
    throw new UsageError(`${name} holds a user name or password. Remove it, and set CONCORD_TOKEN`);
  return url;
}

/**
 * The headers that say who calls: a token, and where Cloudflare Access is in front, a service token of it. The service
 * token is enough where OPS_ACCESS gives it a role; the name in the audit log is its client id then.
 * @throws UsageError which repeats no secret
 */
export async function credentialsFor(url: URL, env: Env): Promise<Readonly<Record<string, string>>> {
  const service = readServiceToken(env);
  if (!service.ok) throw new UsageError(service.message);
  if (!env.CONCORD_TOKEN?.trim() && "CF-Access-Client-Id" in service.headers) return service.headers;
  return { Authorization: `Bearer ${await tokenFor(url, env)}`, ...service.headers };
}

/**
 * CONCORD_TOKEN. A local platform needs none: the secret of local development signs one for whoever is logged in.
 * @throws UsageError which does not repeat the token
 */
export async function tokenFor(url: URL, env: Env): Promise<string> {
  const given = env.CONCORD_TOKEN?.trim();
  if (given) {
    // fetch would repeat it in its error.
    if (!/^[\x21-\x7e]+$/.test(given))
      throw new UsageError("CONCORD_TOKEN holds spaces or other characters that no token has");
    return given;
  }
  if (!isThisMachine(url)) {
    throw new UsageError(
      `CONCORD_TOKEN is not set; \`concord token --role operator --as you@example.com\` prints one. Behind Cloudflare Access, set ${SERVICE_TOKEN_VARIABLES}`,
    );
  }
  // Loaded only here, since nothing has to be signed where CONCORD_TOKEN is set.
  const [{ signOpsToken }, { LOCAL_TOKEN_SECRET }] = await Promise.all([
    import("#auth/ops-user.ts"),
    import("#auth/token.ts"),
  ]);
  return signOpsToken({ actor: currentUser(), role: "admin" }, LOCAL_TOKEN_SECRET, "1h");
}

function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number without a name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
