type Env = Readonly<Record<string, string | undefined>>;

/** The headers of a service token of Cloudflare Access, or what is wrong with the variables, without their values. */
export type ServiceToken =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string };

/** The variables in which a machine has its service token. */
export const SERVICE_TOKEN_VARIABLES = "CONCORD_ACCESS_CLIENT_ID and CONCORD_ACCESS_CLIENT_SECRET";

/**
 * Reads a service token from CONCORD_ACCESS_CLIENT_ID and CONCORD_ACCESS_CLIENT_SECRET, with which a machine gets through
 * Access. No headers if neither is set: Access is not in front, then.
 */
export function readServiceToken({ CONCORD_ACCESS_CLIENT_ID, CONCORD_ACCESS_CLIENT_SECRET }: Env): ServiceToken {
  const id = CONCORD_ACCESS_CLIENT_ID?.trim();
  const secret = CONCORD_ACCESS_CLIENT_SECRET?.trim();
  if (!id && !secret) return { ok: true, headers: {} };
  if (!id || !secret) return { ok: false, message: `${SERVICE_TOKEN_VARIABLES} go together: set both, or neither` };
  // fetch would repeat the value in its error.
  if (!/^[\x21-\x7e]+$/.test(id + secret))
    return {
      ok: false,
      message: `${SERVICE_TOKEN_VARIABLES} hold spaces or other characters that no service token has`,
    };
  return { ok: true, headers: { "CF-Access-Client-Id": id, "CF-Access-Client-Secret": secret } };
}
