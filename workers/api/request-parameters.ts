import { getOperationAST, type OperationDefinitionNode } from "graphql";
import type { GraphQLParams, Plugin } from "graphql-yoga";
import { discardBody, readAtMost } from "#base/body.ts";
import { requestError } from "#graphql/errors.ts";
import { ID_MEMBERS } from "#graphql/trusted-documents.ts";
import { parseJson } from "#json/parse-json.ts";

/**
 * Most bytes of a request. The room is for variables; a document of that size would exceed the limit of tokens. Ours.
 */
const MAX_BODY_BYTES = 256 * 1024;

const TOO_LARGE = "The body has more than 256 KiB. Nothing was run: send less.";

/**
 * Reads the parameters of a request from its URL or its body, and chooses the operation. Yoga's own readers know no ids
 * of documents, and answer bad JSON in a URL with 500.
 */
export const requestParameters: Plugin<{ params?: GraphQLParams; request?: Request }> = {
  onRequestParse({ setRequestParser }) {
    setRequestParser(async (request) => {
      const params = request.method === "GET" ? urlParameters(request.url) : await bodyParameters(request);
      return checked(params) as GraphQLParams;
    });
  },
  onParse() {
    return ({ result, context: { params, request } }) => {
      if (!("kind" in result)) return;
      const operation = getOperationAST(result, params?.operationName);
      if (!operation) throw requestError(400, "OPERATION_RESOLUTION_FAILURE", NO_OPERATION);
      if (request?.method === "GET" && operation.operation === "mutation") throw mutationByGet(operation);
    };
  },
};

const NO_OPERATION =
  "It is not clear which operation to run, so none was. Send the `operationName` of one that the document has.";

const mutationByGet = ({ name }: OperationDefinitionNode) => {
  const error = requestError(
    405,
    "METHOD_NOT_ALLOWED",
    `A GET only reads, and ${name?.value ?? "the operation"} is a mutation. Nothing was done: POST it.`,
  );
  Object.assign(error.extensions.http as object, { headers: { Allow: "POST" } });
  return error;
};

function urlParameters(url: string): object {
  const search = new URL(url).searchParams;
  const text = (name: string) => search.get(name) || undefined;
  return {
    query: text("query"),
    ...Object.fromEntries(ID_MEMBERS.map((name) => [name, text(name)])),
    operationName: text("operationName"),
    variables: jsonParameter("variables", text("variables")),
    extensions: jsonParameter("extensions", text("extensions")),
  };
}

function jsonParameter(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const json = parseJson(text);
  if (json === undefined) throw badRequest(`\`${name}\` is not JSON.`);
  return json;
}

/** A body of `application/json`. */
async function bodyParameters(request: Request): Promise<unknown> {
  const bytes = await readAtMost(request, MAX_BODY_BYTES);
  if (!bytes) {
    await discardBody(request);
    throw requestError(413, "REQUEST_ENTITY_TOO_LARGE", TOO_LARGE);
  }
  const json = parseJson(new TextDecoder().decode(bytes));
  if (json === undefined) throw badRequest("The body is not JSON.");
  return json;
}

/** The names that parameters may have, and the types of those that are no ids. */
const PARAMETERS = { query: "text", operationName: "text", variables: "an object", extensions: "an object" } as const;

/** @throws GraphQLError if these are no parameters of a request */
function checked(params: unknown): object {
  if (Array.isArray(params)) throw badRequest("The body is a batch. Nothing was run: send each operation by itself.");
  if (typeof params !== "object" || params === null) throw badRequest("The body is not a JSON object.");
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || (ID_MEMBERS as readonly string[]).includes(name)) continue;
    const type = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name as keyof typeof PARAMETERS] : undefined;
    if (!type) throw badRequest(`\`${name}\` is not a parameter of GraphQL over HTTP. Leave it out.`);
    if (typeOf(value) !== type) throw badRequest(`\`${name}\` has to be ${type}.`);
  }
  return params;
}

function typeOf(value: unknown): string {
  if (typeof value === "string") return "text";
  return typeof value === "object" && !Array.isArray(value) ? "an object" : "neither";
}

const badRequest = (message: string) => requestError(400, "BAD_REQUEST", message);
