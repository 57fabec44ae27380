import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { StopError } from "../source.ts";
import type { Secret } from "./secret.ts";

export type TokenEndpoint = {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scope?: string | undefined;
};

/** A token is asked for anew so long before it expires. */
const EARLY_MS = 30_000;
const TIMEOUT_MS = 15_000;

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(300) });

/**
 * Tokens by OAuth 2's client credentials (RFC 6749, 4.4), each kept until it is about to expire.
 * @throws StopError if the endpoint refuses the client; Error if it cannot be reached, or answers with something else
 */
export function clientCredentials(
  { url, clientId, clientSecret, scope }: TokenEndpoint,
  now = () => performance.now(),
) {
  let kept: { readonly token: string; readonly untilMs: number } | undefined;
  return async (): Promise<string> => {
    if (kept && now() < kept.untilMs) return kept.token;
    // Both parts are form-encoded before they become Basic credentials: RFC 6749, 2.3.1.
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret())}`).toString(
      "base64",
    );
    const response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Basic ${basic}`, Accept: "application/json" },
      body: new URLSearchParams({ grant_type: "client_credentials", ...(scope !== undefined && { scope }) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status === 400 || response.status === 401)
      throw new StopError(
        `the token endpoint ${url} refused the client ${clientId} (${response.status}). Nothing was read. Check sasl.clientId, sasl.clientSecret and sasl.scope.`,
      );
    const answer = Answer.safeParse(parseJson(text));
    if (!response.ok || !answer.success) throw new Error(`the token endpoint ${url} answered ${response.status}`);
    const { access_token: token, expires_in: seconds } = answer.data;
    kept = { token, untilMs: now() + Math.max(0, seconds * 1_000 - EARLY_MS) };
    return token;
  };
}
