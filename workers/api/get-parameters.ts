import type { GraphQLParams, Plugin } from "graphql-yoga";
import { requestError } from "../../src/shared/graphql/errors.ts";
import { parseJson } from "../../src/shared/json/parse-json.ts";

/** Reads the query of a GET's URL. Yoga's own reader takes bad JSON for a fault of ours and knows no documents by id. */
export const getParameters: Plugin = {
  onRequestParse({ request, setRequestParser }) {
    if (request.method === "GET") setRequestParser(({ url }) => parametersOf(new URL(url).searchParams));
  },
};

function parametersOf(search: URLSearchParams): GraphQLParams {
  const text = (name: string) => search.get(name) || undefined;
  const parameters = {
    query: text("query"),
    documentId: text("documentId"),
    operationName: text("operationName"),
    variables: jsonOf("variables", text("variables")),
    extensions: jsonOf("extensions", text("extensions")),
  };
  return parameters as GraphQLParams;
}

function jsonOf(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const json = parseJson(text);
  if (json === undefined) throw requestError(400, "BAD_REQUEST", `\`${name}\` is not JSON.`);
  return json;
}
