import type { JWTPayload } from "jose";
import * as z from "zod";
import { Grant } from "#auth/credential.ts";
import { TokenIssuer } from "#auth/issuer.ts";

const GRANTS_ARE = 'must be a topic, a prefix such as "device.elt.*", or "*", or a list of these';

/**
 * `INGEST_TOKENS`: whose JWTs may publish, and how a token says to which topics. What providers put where: docs/oauth.md.
 */
export const TokenSettings = z
  .strictObject({
    ...TokenIssuer.shape,
    audience: TokenIssuer.shape.audience.optional(),
    /** Values of `client_id`, one of which a token must have: for providers whose tokens have no audience. */
    clients: z.array(z.string().min(1)).min(1).optional(),
    /** Claims that say what may be written: a name, or the names that lead to it, as `realm_access.roles`. */
    claims: z.array(z.string().min(1)).min(1).default(["scope"]),
    /** What values of these claims grant, beside `produce:{topics}`, which needs no entry. */
    topics: z.record(z.string().min(1), z.union([Grant, z.array(Grant).min(1)], GRANTS_ARE)).default({}),
  })
  .refine(({ audience, clients }) => audience !== undefined || clients !== undefined, {
    path: ["audience"],
    message: 'is missing; where tokens have none, "clients" has to name whose are taken',
  });
export type TokenSettings = z.output<typeof TokenSettings>;

/** OAuth 2 scopes that grant topics: `produce:device.elt.*`, `produce:*`. */
const SCOPE_PREFIX = "produce:";

/** The topics that a token's claims grant. */
export function grantsIn(claims: JWTPayload, { claims: names, topics }: TokenSettings): string[] {
  return names
    .flatMap((name) => valuesOf(claimAt(claims, name)))
    .flatMap((value) => {
      if (Object.hasOwn(topics, value)) return topics[value] ?? [];
      return value.startsWith(SCOPE_PREFIX) ? value.slice(SCOPE_PREFIX.length) : [];
    });
}

/** Whether a token was issued to a client that the settings name, where they name any. */
export const isOfClient = ({ client_id: client }: JWTPayload, { clients }: TokenSettings): boolean =>
  clients === undefined || (typeof client === "string" && clients.includes(client));

/** A claim of that very name, which may be a URL with dots, or else the one that its parts lead to. */
function claimAt(claims: object, name: string): unknown {
  if (Object.hasOwn(claims, name)) return (claims as Record<string, unknown>)[name];
  return name.split(".").reduce<unknown>((at, part) => {
    const isObject = typeof at === "object" && at !== null;
    return isObject && Object.hasOwn(at, part) ? (at as Record<string, unknown>)[part] : undefined;
  }, claims);
}

/** Words of a text, as in OAuth's `scope`, or the texts of a list. */
function valuesOf(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ").filter((word) => word !== "");
  return Array.isArray(claim) ? claim.filter((value) => typeof value === "string") : [];
}
