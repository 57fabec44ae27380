import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { GRAPHQL_LIBRARIES } from "../support/graphql-libraries.ts";
import { ingestProject } from "../support/ingest-project.ts";

/** Real handlers, real D1, real device objects; the queues between them are the simulation's own. */
export default ingestProject("simulation", {
  // Hubs execute the subscriptions of their clients.
  libraries: GRAPHQL_LIBRARIES,
  bindings: {
    TOKEN_SECRET: LOCAL_TOKEN_SECRET,
    SIMULATE_RUNS: process.env.SIMULATE_RUNS ?? "20",
    SIMULATE_SEED: process.env.SIMULATE_SEED ?? "",
    SIMULATE_PATH: process.env.SIMULATE_PATH ?? "",
  },
  testTimeout: 3_600_000,
});
