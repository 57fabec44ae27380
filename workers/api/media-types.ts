import { isNamed, isUtf8, parseMediaType, preferredType } from "#base/media-type.ts";
import { JSON_ANSWERS } from "./refusals.ts";

export const EVENT_STREAM = "text/event-stream";

/** Whether an answer is a stream of events. */
export const isEventStream = ({ headers }: Response): boolean =>
  headers.get("Content-Type")?.startsWith(EVENT_STREAM) ?? false;

const JSON_BODIES: readonly string[] = ["application/json", "application/graphql+json"];

/** Why the body of a POST is not read, or `undefined` if it is. */
export function problemOfBody(headers: Headers): string | undefined {
  const coding = headers.get("Content-Encoding")?.trim().toLowerCase() || "identity";
  if (coding !== "identity") return "Send the body without a Content-Encoding.";
  const type = parseMediaType(headers.get("Content-Type"));
  // No other type is read: any page could send a form's types without a preflight request.
  if (!type || !JSON_BODIES.includes(type.type)) return "POST a body of Content-Type application/json.";
  return isUtf8(type) ? undefined : "Send the body in UTF-8, the charset of JSON.";
}

/**
 * The request as yoga reads it, which knows neither the case of a media type nor the order of `q`: it accepts the type
 * that the client prefers, and an event stream if the client names it.
 * @returns `undefined` if the client accepts nothing that we write
 */
export function normalized(request: Request): Request | undefined {
  const accept = request.headers.get("Accept");
  const best = preferredType(accept, [...JSON_ANSWERS, EVENT_STREAM]);
  if (!best) return undefined;
  const headers = new Headers(request.headers);
  headers.set("Accept", best !== EVENT_STREAM && isNamed(accept, EVENT_STREAM) ? `${best}, ${EVENT_STREAM}` : best);
  return new Request(request, { headers });
}
