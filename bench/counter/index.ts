import { parse } from "graphql";
import { openContext } from "../../src/shared/graphql/context.ts";
import { executeWithinLimits } from "../../src/shared/graphql/limits/limits.ts";
import { schema } from "../../src/shared/graphql/schema/index.ts";
import { NEAREST } from "../../src/shared/repositories/consistency.ts";
import { openServices, type Stores } from "../../src/shared/services/index.ts";

type Env = { readonly DB: D1Database };
type Body = { readonly query: string; readonly variables?: Record<string, unknown> };

const nobody = () => {
  throw new Error("a query that is counted reads D1 alone");
};

/** Answers a query with what D1 says that it cost: statements, and rows as it bills them. */
export default {
  async fetch(request, { DB }) {
    const { query, variables = {} } = (await request.json()) as Body;
    const stores: Stores = { db: DB, objectOf: nobody, commands: {} as Stores["commands"], metrics: nobody };
    const open = (consistency = NEAREST) => openServices(stores, { role: "service" }, consistency);
    const services = open();
    const { errors } = await executeWithinLimits({
      schema,
      document: parse(query),
      variableValues: variables,
      contextValue: openContext(services, { open, live: nobody }),
    });
    if (errors) return Response.json({ errors }, { status: 500 });
    const { statements, rowsRead } = services.session.report;
    return Response.json({ statements, rowsRead });
  },
} satisfies ExportedHandler<Env>;
