import { preferredType } from "#base/media-type.ts";
import { RequestError } from "../errors.ts";
import { parseMediaType, unsupported } from "../media-type.ts";

/** How the values of a v2 request are embedded; `either`: the media type names no format, so each value decides. */
export type Format = "json" | "binary" | "either";

const FORMATS = new Map<string, Format>([
  ["application/vnd.kafka.json.v2+json", "json"],
  ["application/vnd.kafka.json.v1+json", "json"],
  ["application/vnd.kafka.json+json", "json"],
  // The client's JSON Schema is ignored: the contract decides.
  ["application/vnd.kafka.jsonschema.v2+json", "json"],
  ["application/vnd.kafka.binary.v2+json", "binary"],
  ["application/vnd.kafka.binary.v1+json", "binary"],
  ["application/vnd.kafka.binary+json", "binary"],
  ["application/vnd.kafka.v2+json", "either"],
  ["application/vnd.kafka.v1+json", "either"],
  ["application/vnd.kafka+json", "either"],
  ["application/json", "either"],
  ["application/octet-stream", "either"],
]);

/** @throws RequestError 415 for a type we do not read, 400 for a charset that is not UTF-8 */
export function parseFormat(contentType: string | undefined): Format {
  const format = FORMATS.get(parseMediaType(contentType));
  if (!format) {
    throw unsupported(contentType, "application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json");
  }
  return format;
}

/** The media types of a v2 response, by preference. The body is the same for all of them. */
const V2_ANSWERS = [
  "application/vnd.kafka.v2+json",
  "application/vnd.kafka+json",
  "application/json",
  "application/vnd.kafka.v1+json",
];

/** The media type of a v2 response. @throws RequestError 406 if the client accepts none of ours */
export function negotiateType(accept: string | undefined): string {
  const type = preferredType(accept, V2_ANSWERS);
  if (!type)
    throw new RequestError(40601, `HTTP 406 Not Acceptable. Responses are ${V2_ANSWERS[0]}. Nothing was accepted.`);
  return type;
}
