import { GraphQLError, type GraphQLFormattedError, Kind, type OperationDefinitionNode } from "graphql";
import type { ReaderSettings } from "../../../src/shared/auth/reader-settings.ts";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { openContext } from "../../../src/shared/graphql/context.ts";
import { maskError } from "../../../src/shared/graphql/errors.ts";
import { admitSubscription } from "../../../src/shared/graphql/limits/limits.ts";
import { executeItem, targetOf } from "../../../src/shared/graphql/live.ts";
import { rightsOf } from "../../../src/shared/graphql/rights.ts";
import { schema } from "../../../src/shared/graphql/schema/index.ts";
import { documentText } from "../../../src/shared/graphql/trusted-documents.ts";
import type { LiveItem, LiveTarget } from "../../../src/shared/live/item.ts";
import { NEAREST } from "../../../src/shared/repositories/consistency.ts";
import { openServices, type Stores } from "../../../src/shared/services/index.ts";
import { type Documents, documentOf, hashOf, problemsOf } from "./documents.ts";
import type { SubscribePayload } from "./protocol.ts";

/** What a subscription wants to know of each item. Small: it is kept with its socket. */
export type Query = {
  /** For `Documents`. */
  readonly document: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
};

/** The same with the text, which is not kept until somebody is told something. */
export type AdmittedQuery = { readonly query: Query; readonly text: string };

export type Admitted =
  | { readonly ok: true; readonly query: AdmittedQuery; readonly target: LiveTarget }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

export type QueriesDeps = {
  readonly documents: Documents;
  readonly settings: ReaderSettings;
  readonly stores: Stores;
};

/** GraphQL for sockets: by the schema, the limits and the rights of the API. */
export class Queries {
  readonly #deps: QueriesDeps;

  constructor(deps: QueriesDeps) {
    this.#deps = deps;
  }

  /** Never throws on what a client sent. */
  async admit(payload: SubscribePayload, scope: Scope): Promise<Admitted> {
    try {
      return await this.#admit(payload, scope);
    } catch (thrown) {
      return refused([maskError(thrown) as GraphQLError]);
    }
  }

  async #admit(payload: SubscribePayload, scope: Scope): Promise<Admitted> {
    const rights = rightsOf(scope, this.#deps.settings);
    const text = documentText(payload, rights);
    const document = documentOf(text);
    const problems = problemsOf(document, rights);
    if (problems.length > 0) return refused(problems);
    const { operationName = null, variables = null } = payload;
    const args = { schema, document, operationName, variableValues: variables, hideSuggestions: !rights.introspection };
    const isSubscription = document.definitions.some(
      (definition) =>
        definition.kind === Kind.OPERATION_DEFINITION &&
        definition.operation === "subscription" &&
        (operationName === null || definition.name?.value === operationName),
    );
    if (!isSubscription) return refused([NO_SUBSCRIPTION]);
    const admission = admitSubscription(args);
    if (!admission.ok) return refused(admission.result.errors ?? []);
    const asked = await targetOf(admission.args);
    if (!asked.ok) return refused(asked.errors.map((error) => maskError(error) as GraphQLError));
    const query = {
      document: await hashOf(text),
      operationName,
      variables: declaredOf(variables, admission.args.operation),
    };
    return { ok: true, query: { query, text }, target: asked.target };
  }

  /** @returns what is to be kept with the socket; `undefined` where too many different ones are kept already */
  keep({ query, text }: AdmittedQuery): Query | undefined {
    return this.#deps.documents.store(query.document, text) ? query : undefined;
  }

  /** @throws when the document is not stored, which admitting it did */
  async answer({ document: hash, operationName, variables }: Query, scope: Scope, item: LiveItem) {
    const { documents, settings, stores } = this.#deps;
    const text = documents.read(hash);
    if (text === undefined) throw new Error("the document of a subscription is gone");
    const open = (consistency = NEAREST) => openServices(stores, scope, consistency);
    const live = () => Promise.reject(new Error("an object subscribes to nothing"));
    const admission = admitSubscription({
      schema,
      document: documentOf(text),
      operationName,
      variableValues: variables,
      contextValue: openContext(open(), { open, live }),
      hideSuggestions: !rightsOf(scope, settings).introspection,
    });
    const result = admission.ok ? await executeItem(admission.args, item) : admission.result;
    return formatted(result);
  }
}

/** Others would take up the room that a socket has. */
const declaredOf = (variables: Query["variables"], { variableDefinitions = [] }: OperationDefinitionNode) => {
  const names = new Set(variableDefinitions.map(({ variable }) => variable.name.value));
  return variables && Object.fromEntries(Object.entries(variables).filter(([name]) => names.has(name)));
};

const refused = (errors: readonly GraphQLError[]): Admitted => ({ ok: false, errors });

const NO_SUBSCRIPTION = new GraphQLError("Only subscriptions run over WebSocket; POST the others to /graphql.", {
  extensions: { code: "BAD_USER_INPUT" },
});

const formatted = ({ errors, ...rest }: { readonly data?: unknown; readonly errors?: readonly GraphQLError[] }) => ({
  ...rest,
  ...(errors && { errors: errors.map(formattedError) }),
});

/** Without what is for HTTP alone. */
export function formattedError(error: GraphQLError): GraphQLFormattedError {
  const { http: _, ...extensions } = error.extensions;
  return { ...error.toJSON(), extensions };
}
