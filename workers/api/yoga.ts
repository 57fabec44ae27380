import { type ExecutionArgs, parse, validate } from "graphql";
import { _createLRUCache, createYoga, type Plugin } from "graphql-yoga";
import { type Context, type ContextDeps, openContext } from "#graphql/context.ts";
import { maskError } from "#graphql/errors.ts";
import type { Spend } from "#graphql/limits/budget.ts";
import { executeWithinLimits, MAX_TOKENS } from "#graphql/limits/limits.ts";
import { subscribeWithinLimits } from "#graphql/live.ts";
import { validationErrors } from "#graphql/one-of.ts";
import type { PersistedTexts } from "#graphql/persisted-queries.ts";
import type { Rights } from "#graphql/rights.ts";
import { schema } from "#graphql/schema/index.ts";
import type { Services } from "#services/index.ts";
import { resumableEventStreams } from "./event-stream.ts";
import { type Metered, metered } from "./metered.ts";
import { provenance } from "./provenance.ts";
import { requestParameters } from "./request-parameters.ts";
import { trustedDocuments } from "./trusted-documents.ts";

/** Parsed documents in the cache. One at the limits takes 0.5 MB, and an isolate has 128 MB. Ours. */
const MAX_PARSED_DOCUMENTS = 100;
const MAX_BROKEN_DOCUMENTS = 20;

/** graphql-js's own functions: on workerd they take half to two thirds of the time of yoga's defaults. */
const engine: Plugin<Pick<Caller, "spend">> = {
  onParse: ({ setParseFn }) =>
    setParseFn((source: Parameters<typeof parse>[0]) => parse(source, { maxTokens: MAX_TOKENS })),
  onValidate: ({ setValidationFn }) =>
    setValidationFn((...[from, document, rules]: Parameters<typeof validate>) =>
      validationErrors(validate(from, document, rules)),
    ),
  onExecute: ({ setExecuteFn, context: { spend } }) =>
    setExecuteFn((args: ExecutionArgs) => executeWithinLimits(args, spend)),
  onSubscribe: ({ setSubscribeFn, context: { spend } }) =>
    setSubscribeFn((args: ExecutionArgs) => subscribeWithinLimits(args, spend)),
};

/** What yoga gets with a request: the caller's services and rights, and where counts go. */
export type Caller = ContextDeps &
  Metered & {
    readonly services: Services;
    readonly rights: Rights;
    /** The texts that clients register by their hash. */
    readonly texts: PersistedTexts;
    readonly expiresAtMs: number;
    /** Takes costs out of the caller's budget, if it has one. */
    readonly spend?: Spend;
  };

/** GraphQL over HTTP, for authenticated requests. */
export const yoga = createYoga<Caller, Context>({
  schema,
  graphqlEndpoint: "/graphql",
  context: ({ services, open, live, viewer }) => openContext(services, { open, live, viewer }),
  maskedErrors: { maskError },
  plugins: [requestParameters, trustedDocuments, engine, metered, provenance, resumableEventStreams],
  // request-parameters.ts counts the bytes.
  maxRequestBodySize: false,
  parserAndValidationCache: {
    documentCache: _createLRUCache({ max: MAX_PARSED_DOCUMENTS }),
    errorCache: _createLRUCache({ max: MAX_BROKEN_DOCUMENTS }),
  },
  // HTTP/2 carries many requests at once; a batch would only evade the limits of one request.
  batching: false,
  multipart: false,
  // index.ts does these.
  cors: false,
  graphiql: false,
  landingPage: false,
  logging: false,
});
