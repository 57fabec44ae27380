import { graphqlProject } from "../../support/graphql-project.ts";

export default graphqlProject("api", {
  globalSetup: ["local/graphiql.ts"],
  objects: {
    DEVICES: "DeviceObject",
    DEALER_FEEDS: "DealerFeed",
    HUBS: "LiveHub",
    METRICS: "MetricsObject",
    TICKETS: "Tickets",
    BUDGETS: "CallerBudget",
  },
  libraries: ["graphql-yoga", "hono", "hono/factory", "hono/utils/accept"],
  // Of a service that has tables of its own.
  databases: ["OWN_DB"],
  // Tests of mutations have commands of their own.
  serviceBindings: {
    INGEST_COMMANDS: () => new Response("no ingest Worker here", { status: 503 }),
    ARCHIVE_SERVICE: () => new Response("no archive Worker here", { status: 503 }),
  },
});
