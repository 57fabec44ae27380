import { getOperationAST } from "graphql";
import { isAsyncIterable, type Plugin, type YogaInitialContext } from "graphql-yoga";
import type { Context } from "../../src/shared/graphql/context.ts";
import { isTrusted } from "../../src/shared/graphql/trusted-documents.ts";
import { log } from "../../src/shared/telemetry/log.ts";
import { Distribution, labelValueOf, type MetricsReport, Tally } from "../../src/shared/telemetry/metrics.ts";
import type { Trace } from "../../src/shared/telemetry/trace.ts";

/** Where what is counted of an operation goes. */
export type Metered = {
  readonly note: (report: MetricsReport) => void;
  readonly trace: Trace | undefined;
};

type Executed = Context & Metered & YogaInitialContext;

/**
 * Counts operations, what they took and what they read. A name is the client's to choose, so only that of a trusted
 * document has a series of its own.
 */
export const metered: Plugin<Executed, Metered> = {
  onExecute({ args: { document, operationName, contextValue } }) {
    const startedAtMs = Date.now();
    const operation = getOperationAST(document, operationName);
    const { note, params, session, trace } = contextValue;
    const name = isTrusted(params.query ?? "") ? labelValueOf(operation?.name?.value) : "other";
    const type = operation?.operation ?? "none";
    return {
      onExecuteDone({ result }) {
        if (isAsyncIterable(result)) return;
        const durationMs = Date.now() - startedAtMs;
        const { rowsRead } = session.report;
        note({
          graphqlMs: new Distribution("graphqlMs").add(durationMs, type, name).toCounts(),
          graphqlRowsRead: { [name]: rowsRead },
        });
        if (!trace?.isSampled) return;
        const errors = result.errors?.length ?? 0;
        log("info", "graphql.traced", { traceId: trace.traceId, type, name, durationMs, rowsRead, errors });
      },
    };
  },

  onSubscribe({ args: { document, operationName, contextValue } }) {
    const { note, params } = contextValue;
    const operation = getOperationAST(document, operationName);
    const name = isTrusted(params.query ?? "") ? labelValueOf(operation?.name?.value) : "other";
    // It lasts for as long as somebody listens, which says nothing about how fast we are.
    note({ graphqlMs: new Distribution("graphqlMs").add(0, "subscription", name).toCounts() });
  },

  /** Those of documents that were not even executed are among them. */
  onResultProcess({ result, serverContext }) {
    if (isAsyncIterable(result) || Array.isArray(result)) return;
    const { errors = [] } = result as { errors?: readonly { extensions?: { code?: unknown } }[] };
    if (errors.length === 0) return;
    const codes = new Tally();
    for (const { extensions } of errors) codes.add(labelValueOf(String(extensions?.code ?? "none")));
    serverContext.note({ graphqlErrors: codes.toCounts() });
  },
};
