import { type ExecutionArgs, NoSchemaIntrospectionCustomRule, parse, validate } from "graphql";
import { _createLRUCache, createYoga, type Plugin } from "graphql-yoga";
import { type Context, type ContextDeps, openContext } from "../../src/shared/graphql/context.ts";
import { maskError } from "../../src/shared/graphql/errors.ts";
import { executeWithinLimits, MAX_TOKENS } from "../../src/shared/graphql/limits/limits.ts";
import { subscribeWithinLimits } from "../../src/shared/graphql/live.ts";
import type { Rights } from "../../src/shared/graphql/rights.ts";
import { schema } from "../../src/shared/graphql/schema/index.ts";
import type { Services } from "../../src/shared/services/index.ts";
import { resumableEventStreams } from "./event-stream.ts";
import { getParameters } from "./get-parameters.ts";
import { type Metered, metered } from "./metered.ts";
import { provenance } from "./provenance.ts";
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

/** Who asks, and what it may. */
export type Caller = ContextDeps &
  Metered & {
    readonly services: Services;
    readonly rights: Rights;
    readonly expiresAtMs: number;
  };

/** GraphQL over HTTP for a request that has shown who it is. */
export const yoga = createYoga<Caller, Context>({
  schema,
  graphqlEndpoint: "/graphql",
  context: ({ services, open, live }) => openContext(services, { open, live }),
  maskedErrors: { maskError },
  plugins: [getParameters, trustedDocuments, engine, metered, provenance, resumableEventStreams],
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
