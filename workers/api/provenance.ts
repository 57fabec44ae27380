import { isAsyncIterable, type Plugin } from "graphql-yoga";
import type { Context } from "../../src/shared/graphql/context.ts";

/** Says with every answer where it came from and how to read no older than it: `extensions.concord`. */
export const provenance: Plugin<Context> = {
  onExecute: ({ args }) => ({
    onExecuteDone: ({ result, setResult }) => {
      if (isAsyncIterable(result)) return;
      const concord = Object.assign({}, result.extensions?.concord, provenanceOf(args.contextValue));
      setResult({ ...result, extensions: { ...result.extensions, concord } });
    },
  }),
};

function provenanceOf({ session, devices }: Context) {
  const { region, primary } = session.report;
  return {
    /** `OBJECTS` while D1 is out of reach and devices answer for themselves. */
    servedBy: devices.answeredByObjects ? "OBJECTS" : "D1",
    region,
    primary,
    consistencyToken: session.consistencyToken,
  };
}
