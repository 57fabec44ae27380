import { execute, parse, subscribe, validate } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import { type Context, openContext } from "./context.ts";
import { maskError } from "./errors.ts";
import { provenance } from "./provenance.ts";
import { schema } from "./schema/index.ts";
import type { Services } from "./services/index.ts";

/** Of a document, counted as it is parsed. A screen's query has some hundred. */
const MAX_TOKENS = 1_000;

/** graphql-js's own functions: on workerd they take a half to two thirds of the time that yoga's defaults take. */
const engine: Plugin = {
  onParse: ({ setParseFn }) =>
    setParseFn((source: Parameters<typeof parse>[0]) => parse(source, { maxTokens: MAX_TOKENS })),
  onValidate: ({ setValidationFn }) => setValidationFn(validate),
  onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
  onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
};

/** GraphQL over HTTP for a request that has shown who it is. */
export const yoga = createYoga<{ services: Services }, Context>({
  schema,
  graphqlEndpoint: "/graphql",
  context: ({ services }) => openContext(services),
  maskedErrors: { maskError },
  plugins: [engine, provenance],
  // The Worker's shell does these.
  cors: false,
  graphiql: false,
  landingPage: false,
  logging: false,
});
