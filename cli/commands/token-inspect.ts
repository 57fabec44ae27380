import { text } from "node:stream/consumers";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { UsageError } from "../command/usage-error.ts";
import { printable } from "../terminal/printable.ts";
import { formatAge, formatTime } from "../terminal/times.ts";

/**
 * What a token says, in lines: whose key, its claims, and until when. Its signature is not checked, and not printed.
 * @param given the token, or `-` for standard input
 * @throws UsageError which does not repeat it
 */
export async function inspectToken(given: string, nowMs: number): Promise<string[]> {
  const { header, claims } = decoded(given === "-" ? await text(process.stdin) : given);
  const lines = [
    `key      ${typeof header.kid === "string" ? header.kid : "none: it is of a secret"} (${header.alg ?? "no algorithm"})`,
    ...Object.entries(claims).map(
      ([name, value]) => `${name.padEnd(8)} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ),
  ];
  const { iat, exp } = claims;
  const [issued, expires] = [isoOf(iat), isoOf(exp)];
  if (issued) lines.push(`issued   ${formatTime(issued)}`);
  if (expires) {
    const isOver = Date.parse(expires) <= nowMs;
    lines.push(`expires  ${formatTime(expires)}${isOver ? `, ${formatAge(expires, nowMs)} ago` : ""}`);
  }
  return [...lines.map(printable), "Its signature was not checked: only the platform can say whether it is accepted."];
}

/** `undefined` for what is no time: a token may say anything. */
export const isoOf = (seconds: unknown): string | undefined => {
  const date = new Date(Number(seconds ?? Number.NaN) * 1_000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** The claims of a token, unchecked. @throws UsageError which does not repeat it */
export function decoded(token: string) {
  try {
    const bare = token.trim().replace(/^Bearer /i, "");
    return { header: decodeProtectedHeader(bare), claims: decodeJwt(bare) };
  } catch {
    throw new UsageError("that is no token: it has no header and claims in base64url");
  }
}
