import { preferredType } from "#base/media-type.ts";
import { errorBody } from "#graphql/errors.ts";

/** The types of an answer that is not a stream; the first one if a client names none. */
export const JSON_ANSWERS = ["application/json", "application/graphql-response+json"] as const;

/** The type in which a client is answered that is not sent a stream. */
export const jsonAnswerOf = ({ headers }: Request): (typeof JSON_ANSWERS)[number] =>
  preferredType(headers.get("Accept"), JSON_ANSWERS) ?? JSON_ANSWERS[0];

/** What a refusal has beside its code and message. */
type RefusalDetails = {
  /** Members of `extensions`. */
  readonly extensions?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Refuses a request before GraphQL begins: an error in the type that was asked for. */
export function refuse(
  request: Request,
  status: number,
  [code, message]: readonly [code: string, message: string],
  { extensions = {}, headers = {} }: RefusalDetails = {},
): Response {
  return new Response(JSON.stringify(errorBody(code, message, extensions)), {
    status,
    headers: { ...headers, "Content-Type": `${jsonAnswerOf(request)}; charset=utf-8` },
  });
}

/** @param waitSeconds until the limit is counted anew */
export const tooMany = (request: Request, waitSeconds: number): Response =>
  refuse(request, 429, ["TOO_MANY_REQUESTS", `Too many requests. Nothing was done: try again in ${waitSeconds} s.`], {
    extensions: { retryAfterMs: waitSeconds * 1_000 },
    headers: { "Retry-After": String(waitSeconds) },
  });

/** @param allowed the methods that the path has */
export const refuseMethod = (request: Request, allowed: string): Response =>
  refuse(request, 405, ["METHOD_NOT_ALLOWED", `Nothing was done: this path takes ${allowed.replace(", ", " and ")}.`], {
    headers: { Allow: allowed },
  });
