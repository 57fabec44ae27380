import type { TokenIdentity } from "./verify.ts";

/** What is revoked: one token, by its `jti`; or all tokens of a subject that were issued until then. */
export type RevocationTarget =
  | { readonly kind: "token"; readonly jti: string }
  | { readonly kind: "subject"; readonly subject: string };

/** A revocation as it applies: its target, and when it was made, in milliseconds since 1970 UTC. */
export type Revocation = { readonly target: RevocationTarget; readonly revokedAtMs: number };

/** The revocations of a moment, in a form that answers for each request without a search. */
export class Revoked {
  readonly #tokens = new Set<string>();
  /** Until when the tokens of a subject are revoked, in seconds since 1970 UTC. */
  readonly #subjects = new Map<string, number>();

  constructor(revocations: readonly Revocation[]) {
    for (const { target, revokedAtMs } of revocations) {
      if (target.kind === "token") this.#tokens.add(target.jti);
      else this.#subjects.set(target.subject, Math.floor(revokedAtMs / 1_000));
    }
  }

  /** A token of a revoked subject that does not say when it was issued counts as issued before. */
  has({ jti, sub, issuedAtS }: Omit<TokenIdentity, "kid">): boolean {
    if (jti !== null && this.#tokens.has(jti)) return true;
    const untilS = sub === null ? undefined : this.#subjects.get(sub);
    return untilS !== undefined && (issuedAtS ?? 0) <= untilS;
  }
}

/** The key of a revocation in D1 and in the operations API. */
export const revocationId = (target: RevocationTarget): string =>
  target.kind === "token" ? `token:${target.jti}` : `subject:${target.subject}`;

/** @returns `undefined` for another text */
export function parseRevocationId(id: string): RevocationTarget | undefined {
  if (id.startsWith("token:")) return { kind: "token", jti: id.slice("token:".length) };
  if (id.startsWith("subject:")) return { kind: "subject", subject: id.slice("subject:".length) };
  return undefined;
}
