import type { GraphQLParams, Plugin } from "graphql-yoga";
import { requestError } from "#graphql/errors.ts";
import { ID_MEMBERS } from "#graphql/trusted-documents.ts";
import { parseJson } from "#json/parse-json.ts";

/**
 * Reads the parameters of a GET from its URL. Yoga's own reader answers bad JSON with 500 and does not read document
 * ids.
 */
export const getParameters: Plugin = {
  onRequestParse({ request, setRequestParser }) {
    if (request.method === "GET") setRequestParser(({ url }) => readParameters(new URL(url).searchParams));
  },
};

function readParameters(search: URLSearchParams): GraphQLParams {
  const text = (name: string) => search.get(name) || undefined;
  const parameters = {
    query: text("query"),
    ...Object.fromEntries(ID_MEMBERS.map((name) => [name, text(name)])),
    operationName: text("operationName"),
    variables: parseParameter("variables", text("variables")),
    extensions: parseParameter("extensions", text("extensions")),
  };
  return parameters as GraphQLParams;
}

function parseParameter(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const json = parseJson(text);
  if (json === undefined) throw requestError(400, "BAD_REQUEST", `\`${name}\` is not JSON.`);
  return json;
}
