import { type ExecutionArgs, NoSchemaIntrospectionCustomRule, parse, validate } from "graphql";
import { _createLRUCache, createYoga, type Plugin } from "graphql-yoga";
import { type Context, openContext } from "./context.ts";
import { maskError } from "./errors.ts";
import { getParameters } from "./get-parameters.ts";
import { executeWithinLimits, MAX_TOKENS, subscribeWithinLimits } from "./limits/limits.ts";
import { provenance } from "./provenance.ts";
import type { Rights } from "./rights.ts";
import { schema } from "./schema/index.ts";
import type { Services } from "./services/index.ts";
import { trustedDocuments } from "./trusted-documents.ts";

/** Of a request. Variables need the room: a document of that size would have too many tokens. */
const MAX_BODY_BYTES = 256 * 1024;

/** Documents that stay parsed. One at the limits takes half a megabyte, and an isolate has 128. */
const MAX_PARSED_DOCUMENTS = 100;
const MAX_BROKEN_DOCUMENTS = 20;

/** graphql-js's own functions: on workerd they take a half to two thirds of the time that yoga's defaults take. */
const engine: Plugin<{ rights: Rights }> = {
  onParse: ({ setParseFn }) =>
    setParseFn((source: Parameters<typeof parse>[0]) => parse(source, { maxTokens: MAX_TOKENS })),
  onValidate({ context: { rights }, addValidationRule, setValidationFn }) {
    if (!rights.introspection) addValidationRule(NoSchemaIntrospectionCustomRule);
    const options = { hideSuggestions: !rights.introspection };
    setValidationFn((...[from, document, rules]: Parameters<typeof validate>) =>
      validate(from, document, rules, options),
    );
  },
  onExecute: ({ context: { rights }, setExecuteFn }) =>
    setExecuteFn((args: ExecutionArgs) => executeWithinLimits({ ...args, hideSuggestions: !rights.introspection })),
  onSubscribe: ({ context: { rights }, setSubscribeFn }) =>
    setSubscribeFn((args: ExecutionArgs) => subscribeWithinLimits({ ...args, hideSuggestions: !rights.introspection })),
};

/** GraphQL over HTTP for a request that has shown who it is. */
export const yoga = createYoga<{ services: Services; rights: Rights }, Context>({
  schema,
  graphqlEndpoint: "/graphql",
  context: ({ services }) => openContext(services),
  maskedErrors: { maskError },
  plugins: [getParameters, trustedDocuments, engine, provenance],
  maxRequestBodySize: MAX_BODY_BYTES,
  parserAndValidationCache: {
    documentCache: _createLRUCache({ max: MAX_PARSED_DOCUMENTS }),
    errorCache: _createLRUCache({ max: MAX_BROKEN_DOCUMENTS }),
  },
  // One connection carries many requests at once, so a batch would only hide how much is asked.
  batching: false,
  multipart: false,
  // The Worker's shell does these.
  cors: false,
  graphiql: false,
  landingPage: false,
  logging: false,
});
