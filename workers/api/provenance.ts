import { isAsyncIterable, type Plugin } from "graphql-yoga";
import type { Context } from "#graphql/context.ts";

/** Adds `extensions.concord` to every answer: where it was read, and the token for later queries that are as fresh. */
export const provenance: Plugin<Context> = {
  onExecute: ({ args }) => ({
    onExecuteDone: ({ result, setResult }) => {
      if (isAsyncIterable(result)) return;
      const concord = Object.assign({}, result.extensions?.concord, toProvenance(args.contextValue));
      setResult({ ...result, extensions: { ...result.extensions, concord } });
    },
  }),
};

function toProvenance({ session, devices }: Context) {
  const { region, primary } = session.report;
  return {
    /** `OBJECTS` if D1 does not answer and devices were read from their objects. */
    servedBy: devices.answeredByObjects ? "OBJECTS" : "D1",
    region,
    primary,
    consistencyToken: session.consistencyToken,
  };
}
