import { RequestError } from "../errors.ts";
import { mediaTypeOf, unsupported } from "../media-type.ts";

/** How the values of a v2 request are embedded; `either` is what a type without a format leaves to each value. */
export type Format = "json" | "binary" | "either";

const FORMATS = new Map<string, Format>([
  ["application/vnd.kafka.json.v2+json", "json"],
  ["application/vnd.kafka.json.v1+json", "json"],
  ["application/vnd.kafka.json+json", "json"],
  // A JSON Schema that comes along is ignored: ours is the one that counts.
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
export function formatOf(contentType: string | undefined): Format {
  const format = FORMATS.get(mediaTypeOf(contentType));
  if (!format) {
    throw unsupported(contentType, "application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json");
  }
  return format;
}

/** The types that a v2 answer can be written as, the best first. They differ in nothing but their name. */
const V2_ANSWERS = [
  "application/vnd.kafka.v2+json",
  "application/vnd.kafka+json",
  "application/json",
  "application/vnd.kafka.v1+json",
];

/** The type of a v2 answer. @throws RequestError 406 when the client takes none of ours */
export function answerTypeOf(accept: string | undefined): string {
  const type = bestOf(accept, V2_ANSWERS);
  if (!type)
    throw new RequestError(40601, `HTTP 406 Not Acceptable. We answer as ${V2_ANSWERS[0]}. Nothing was accepted.`);
  return type;
}

/** The first of `offered` among those that an Accept header ranks highest. */
function bestOf(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (!accept?.trim()) return offered[0];
  const ranges = accept.split(",").map(rangeOf);
  const ranked = offered
    .map((type) => ({ type, quality: qualityOf(type, ranges) }))
    .filter(({ quality }) => quality > 0);
  return ranked.sort((a, b) => b.quality - a.quality)[0]?.type;
}

type Range = { readonly type: string; readonly quality: number };

function rangeOf(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
  return { type, quality: Number.isNaN(quality) ? 1 : quality };
}

/** The quality of the most exact range that covers the type. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const covers = [type, `${type.split("/")[0]}/*`, "*/*"];
  const best = covers.map((cover) => ranges.find((range) => range.type === cover)).find((range) => range !== undefined);
  return best?.quality ?? 0;
}
