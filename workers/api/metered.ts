import { getOperationAST } from "graphql";
import { isAsyncIterable, type Plugin, type YogaInitialContext } from "graphql-yoga";
import type { Context } from "#graphql/context.ts";
import { isTrusted } from "#graphql/trusted-documents.ts";
import { log } from "#telemetry/log.ts";
import { Distribution, type MetricsReport, Tally, toLabelValue } from "#telemetry/metrics.ts";
import type { Trace } from "#telemetry/trace.ts";

/** Where an operation's counts go, and its trace. */
export type Metered = {
  readonly note: (report: MetricsReport) => void;
  readonly trace: Trace | undefined;
  /** Whether the operation is only tried. */
  readonly isForTicket: boolean;
};

type Executed = Context & Metered & YogaInitialContext;

/**
 * Counts operations, their duration and the rows that they read. Clients choose operation names, so only those of
 * trusted documents have a series each.
 */
export const metered: Plugin<Executed, Metered> = {
  onExecute({ args: { document, operationName, contextValue } }) {
    const startedAtMs = Date.now();
    const operation = getOperationAST(document, operationName);
    const { note, params, session, trace } = contextValue;
    const name = isTrusted(params.query ?? "") ? toLabelValue(operation?.name?.value) : "other";
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
    const { note, params, isForTicket } = contextValue;
    if (isForTicket) return;
    const operation = getOperationAST(document, operationName);
    const name = isTrusted(params.query ?? "") ? toLabelValue(operation?.name?.value) : "other";
    // Duration 0: a subscription lasts as long as its client wants, which says nothing about latency.
    note({ graphqlMs: new Distribution("graphqlMs").add(0, "subscription", name).toCounts() });
  },

  /** Counts errors by their code, those of documents that were never executed too. */
  onResultProcess({ result, serverContext }) {
    if (isAsyncIterable(result) || Array.isArray(result)) return;
    const { errors = [] } = result as { errors?: readonly { extensions?: { code?: unknown } }[] };
    if (errors.length === 0) return;
    const codes = new Tally();
    for (const { extensions } of errors) codes.add(toLabelValue(String(extensions?.code ?? "none")));
    serverContext.note({ graphqlErrors: codes.toCounts() });
  },
};
