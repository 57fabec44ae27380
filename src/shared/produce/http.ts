import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";

/** What a `Retry-After` header says, in milliseconds from now: seconds, or a date. */
export function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get("Retry-After");
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** What an answer says that is not what was asked for: the `message` of its JSON, or the beginning of its text. */
export function messageIn(text: string): string {
  const body = z.object({ message: z.string() }).safeParse(parseJson(text));
  return excerpt(body.success ? body.data.message : text);
}

/** The beginning of a text, in one line. */
export const excerpt = (text: string): string => text.slice(0, 200).replaceAll(/\s+/g, " ").trim() || "no body";

/** Why a request has no answer. `fetch` says only that it failed; the cause says why. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error;
  return cause instanceof Error ? `${(cause as { readonly code?: string }).code ?? cause.message}` : error.message;
}
