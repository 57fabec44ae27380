import { parseAccept } from "hono/utils/accept";

/** A media type and its parameters, with names in lower case. */
export type MediaType = { readonly type: string; readonly parameters: Readonly<Record<string, string>> };

/**
 * Reads a Content-Type: RFC 9110, 8.3.1. Case and white space do not matter, and a parameter may be quoted.
 * @returns `undefined` if there is none, or a list of them
 */
export function parseMediaType(contentType: string | null | undefined): MediaType | undefined {
  const [first, ...others] = parseRanges(contentType);
  if (!first || others.length > 0 || !/^[^\s/]+\/[^\s/]+$/.test(first.type)) return undefined;
  return first;
}

/** Whether its charset is UTF-8, the only one of JSON, or none is named. */
export const isUtf8 = ({ parameters }: MediaType): boolean => /^utf-?8$/i.test(parameters.charset ?? "utf-8");

/**
 * The type of `offered` that an Accept header prefers: RFC 9110, 12.5.1. The most specific range decides how good a type
 * is, and 0 excludes it. Among equally good ones, named ones come before those of a wildcard, then the client's order
 * decides, then ours. Parameters but the charset are not looked at.
 * @param accept absent or empty: everything is accepted
 */
export function preferredType<Type extends string>(
  accept: string | null | undefined,
  offered: readonly Type[],
): Type | undefined {
  const ranges = accept?.trim() ? parseRanges(accept) : ANYTHING;
  return offered
    .map((type) => ({ type, match: matchOf(type, ranges) }))
    .filter(({ match }) => match !== undefined && match.quality > 0)
    .sort(
      ({ match: a = NONE }, { match: b = NONE }) => b.quality - a.quality || b.names - a.names || a.place - b.place,
    )[0]?.type;
}

/** Whether an Accept header names a type, itself or by its first half. `*` names nothing. */
export function isNamed(accept: string | null | undefined, type: string): boolean {
  const match = matchOf(type, parseRanges(accept));
  return match !== undefined && match.quality > 0 && match.names > 0;
}

type Range = MediaType & { readonly quality: number };
type Match = { readonly quality: number; readonly names: number; readonly place: number };

const ANYTHING: readonly Range[] = [{ type: "*/*", parameters: {}, quality: 1 }];
const NONE: Match = { quality: 0, names: 0, place: 0 };

const parseRanges = (header: string | null | undefined): Range[] =>
  parseAccept(header ?? "").map(({ type, params, q }) => ({
    // A bare `*` is what some old clients send for every type.
    type: type === "*" ? "*/*" : type.toLowerCase(),
    parameters: Object.fromEntries(Object.entries(params).map(([name, value]) => [name.toLowerCase(), value])),
    quality: q,
  }));

/** How well the ranges of a client cover a type: by the most specific of them. */
function matchOf(type: string, ranges: readonly Range[]): Match | undefined {
  const [main] = type.split("/");
  const covers = ranges.flatMap((range, place): (Match & { readonly parameters: number })[] => {
    const names = [`*/*`, `${main}/*`, type].indexOf(range.type);
    if (names < 0 || !isUtf8(range)) return [];
    return [{ quality: range.quality, names, place, parameters: "charset" in range.parameters ? 1 : 0 }];
  });
  return covers.sort((a, b) => b.names - a.names || b.parameters - a.parameters)[0];
}
