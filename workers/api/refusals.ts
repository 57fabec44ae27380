import { preferredType } from "#base/media-type.ts";
import { errorBody } from "#graphql/errors.ts";

/** The types of an answer that is not a stream; the first one if a client names none. */
export const JSON_ANSWERS = ["application/json", "application/graphql-response+json"] as const;

/** What a refusal has beside its code and message. */
export type RefusalDetails = {
  /** Members of `extensions`. */
  readonly extensions?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Refuses a request before GraphQL begins: an error in the type that was asked for. */
export function refuse(
  { headers: sent }: Request,
  status: number,
  [code, message]: readonly [code: string, message: string],
  { extensions = {}, headers = {} }: RefusalDetails = {},
): Response {
  const type = preferredType(sent.get("Accept"), JSON_ANSWERS) ?? JSON_ANSWERS[0];
  return new Response(JSON.stringify(errorBody(code, message, extensions)), {
    status,
    headers: { ...headers, "Content-Type": `${type}; charset=utf-8` },
  });
}

/** @param waitSeconds until the limit is counted anew */
export const tooMany = (request: Request, waitSeconds: number): Response =>
  refuse(request, 429, ["TOO_MANY_REQUESTS", `Too many requests. Nothing was done: try again in ${waitSeconds} s.`], {
    extensions: { retryAfterMs: waitSeconds * 1_000 },
    headers: { "Retry-After": String(waitSeconds) },
  });
