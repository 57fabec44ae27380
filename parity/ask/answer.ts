import * as z from "zod";
import { findUnsafeNumber } from "#json/numbers.ts";
import { parseJson } from "#json/parse-json.ts";
import type { Json } from "../json.ts";

/** A GraphQL error. Without a path it is of the whole request. */
export type AnswerError = { readonly message: string; readonly path: readonly (string | number)[] | null };

/** What a side said to one question. */
export type Outcome =
  | { readonly kind: "answered"; readonly data: Json; readonly errors: readonly AnswerError[] }
  /** It did not say it: no answer, or none that is GraphQL, after all attempts. */
  | { readonly kind: "failed"; readonly message: string };

/** What is made of one HTTP answer. */
export type Reply =
  | Outcome
  /** It may answer later, or better than it has. */
  | { readonly kind: "retry"; readonly message: string; readonly outcome?: Outcome }
  /** It will refuse every other request too. */
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

const ErrorShape = z.object({
  message: z.string().default("an error without a message"),
  path: z.array(z.union([z.string(), z.number()])).nullish(),
  /** Where AppSync has the kind of an error. */
  errorType: z.string().nullish(),
  extensions: z.object({ code: z.string().nullish() }).nullish(),
});

const Body = z.object({ data: z.json().nullish(), errors: z.array(ErrorShape).nullish() });

/** Kinds of errors after which the same question may be answered. */
const PASSING =
  /thrott|too_?many_?requests|rate_?limit|limit_?exceeded|unavailable|timeout|internal_?(server|failure)/i;
/** Kinds of errors that are about who asks. */
const FORBIDDEN = /^(unauthenticated|unauthorized|forbidden|accessdenied)(exception)?$/i;

/** Reads the answer to a GraphQL request over HTTP. */
export function readReply(status: number, text: string): Reply {
  const body = Body.safeParse(exactJson(text));
  const errors = body.data?.errors ?? [];
  const kinds = errors.map(({ errorType, extensions }) => extensions?.code ?? errorType ?? "");
  const [first] = errors;
  const said = first ? excerpt(first.message) : excerpt(text) || "no body";
  if (status === 401 || status === 403 || (!body.data?.data && kinds.some((kind) => FORBIDDEN.test(kind))))
    return { kind: "refused", status, message: said };
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return { kind: "retry", message: `${status}: ${said}` };
  if (!body.success || (body.data.data === undefined && errors.length === 0))
    return { kind: "failed", message: `${status}, and not with GraphQL: ${excerpt(text) || "no body"}` };
  const outcome: Outcome = {
    kind: "answered",
    data: body.data.data ?? null,
    errors: errors.map(({ message, path }) => ({ message: excerpt(message), path: path ?? null })),
  };
  return kinds.some((kind) => PASSING.test(kind)) ? { kind: "retry", message: said, outcome } : outcome;
}

/** Numbers that JavaScript cannot hold, such as 64-bit ids, are read as the text that they are written as. */
function exactJson(text: string): unknown {
  if (findUnsafeNumber(text) === undefined) return parseJson(text);
  const reviver = (_: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === "number" && source !== undefined && findUnsafeNumber(source) !== undefined ? source : value;
  try {
    return JSON.parse(text, reviver as (name: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
}

const excerpt = (text: string): string => text.slice(0, 300).replaceAll(/\s+/g, " ").trim();
