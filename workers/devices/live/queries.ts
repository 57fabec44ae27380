import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  Kind,
  type OperationDefinitionNode,
} from "graphql";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Scope } from "#auth/scope.ts";
import { openContext } from "#graphql/context.ts";
import { maskError } from "#graphql/errors.ts";
import { admitSubscription } from "#graphql/limits/limits.ts";
import { executeItem, findTarget } from "#graphql/live.ts";
import { persistedQueryId } from "#graphql/persisted-queries.ts";
import { rightsOf } from "#graphql/rights.ts";
import { schema } from "#graphql/schema/index.ts";
import { documentText, ID_MEMBERS } from "#graphql/trusted-documents.ts";
import type { LiveItem, LiveTarget } from "#objects/item.ts";
import { NEAREST } from "#repositories/consistency.ts";
import { openServices, type Stores } from "#services/index.ts";
import { type Documents, hashText, parseDocument, validateDocument } from "./documents.ts";
import type { SubscribePayload } from "./protocol.ts";

/** A subscription's query, which is executed for each item. Small, because it is stored with the socket. */
export type Query = {
  /** Its hash in `Documents`. */
  readonly document: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
};

/** A query with its document's text, which is not stored before the subscription starts. */
export type AdmittedQuery = { readonly query: Query; readonly text: string };

export type Admitted =
  | { readonly ok: true; readonly query: AdmittedQuery; readonly target: LiveTarget }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

export type QueriesDeps = {
  readonly documents: Documents;
  readonly settings: ReaderSettings;
  readonly stores: Stores;
};

/** Executes GraphQL for sockets, with the schema, the limits and the rights of the API. */
export class Queries {
  readonly #deps: QueriesDeps;

  constructor(deps: QueriesDeps) {
    this.#deps = deps;
  }

  /** Checks a subscription before it starts. Never throws on what a client sent. */
  async admit(payload: SubscribePayload, scope: Scope): Promise<Admitted> {
    try {
      return await this.#admit(payload, scope);
    } catch (thrown) {
      return refused([maskError(thrown) as GraphQLError]);
    }
  }

  /** Whether a payload is of a query or a mutation, which the API executes, or has an id that only the API may know. */
  async isForApi(payload: SubscribePayload, scope: Scope): Promise<boolean> {
    try {
      const document = parseDocument(await documentText(payload, rightsOf(scope, this.#deps.settings)));
      return !isSubscription(document, payload.operationName ?? null);
    } catch {
      // A bad document is refused as that of a subscription is.
      return !payload.query && namesDocument(payload);
    }
  }

  async #admit(payload: SubscribePayload, scope: Scope): Promise<Admitted> {
    const rights = rightsOf(scope, this.#deps.settings);
    const text = await documentText(payload, rights);
    const document = parseDocument(text);
    const problems = validateDocument(document);
    if (problems.length > 0) return refused(problems);
    const { operationName = null, variables = null } = payload;
    const args = { schema, document, operationName, variableValues: variables };
    if (!isSubscription(document, operationName)) return refused([NO_SUBSCRIPTION]);
    const admission = admitSubscription(args);
    if (!admission.ok) return refused(admission.result.errors ?? []);
    const asked = await findTarget(admission.args);
    if (!asked.ok) return refused(asked.errors.map((error) => maskError(error) as GraphQLError));
    const query = {
      document: await hashText(text),
      operationName,
      variables: declaredVariables(variables, admission.args.operation),
    };
    return { ok: true, query: { query, text }, target: asked.target };
  }

  /** Stores the document. @returns the query for the socket's attachment; `undefined` if the object has too many documents */
  store({ query, text }: AdmittedQuery): Query | undefined {
    return this.#deps.documents.store(query.document, text) ? query : undefined;
  }

  /** @throws if the document is not stored; `store` has to be called first */
  async answer({ document: hash, operationName, variables }: Query, scope: Scope, item: LiveItem) {
    const { documents, stores } = this.#deps;
    const text = documents.read(hash);
    if (text === undefined) throw new Error("the document of a subscription is not stored");
    const open = (consistency = NEAREST) => openServices(stores, scope, consistency);
    const live = () => Promise.reject(new Error("an object cannot open subscriptions"));
    const admission = admitSubscription({
      schema,
      document: parseDocument(text),
      operationName,
      variableValues: variables,
      contextValue: openContext(open(), { open, live, viewer: noViewer }),
    });
    const result = admission.ok ? await executeItem(admission.args, item) : admission.result;
    return formatResult(result);
  }
}

/** Nothing that a subscription can select leads to the viewer. */
const noViewer = (): never => {
  throw new Error("a subscription cannot ask who asks");
};

/** Whether a payload has an id of a document, which its client may have registered with the API. */
const namesDocument = (payload: SubscribePayload): boolean =>
  ID_MEMBERS.some((name) => payload[name] != null) || persistedQueryId(payload) !== undefined;

const isSubscription = ({ definitions }: DocumentNode, operationName: string | null): boolean =>
  definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.operation === "subscription" &&
      (operationName === null || definition.name?.value === operationName),
  );

/** Only the variables that the operation declares: others would use up the socket's attachment. */
const declaredVariables = (variables: Query["variables"], { variableDefinitions = [] }: OperationDefinitionNode) => {
  const names = new Set(variableDefinitions.map(({ variable }) => variable.name.value));
  return variables && Object.fromEntries(Object.entries(variables).filter(([name]) => names.has(name)));
};

const refused = (errors: readonly GraphQLError[]): Admitted => ({ ok: false, errors });

const NO_SUBSCRIPTION = new GraphQLError("Only subscriptions run over WebSocket; POST the others to /graphql.", {
  extensions: { code: "BAD_USER_INPUT" },
});

const formatResult = ({ errors, ...rest }: { readonly data?: unknown; readonly errors?: readonly GraphQLError[] }) => ({
  ...rest,
  ...(errors && { errors: errors.map(formatError) }),
});

/** An error without its extensions for HTTP. */
export function formatError(error: GraphQLError): GraphQLFormattedError {
  const { http: _, ...extensions } = error.extensions;
  return { ...error.toJSON(), extensions };
}
