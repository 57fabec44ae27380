import { ingestProject } from "../support/ingest-project.ts";

/** Real handlers, real D1, real device objects; the queues between them are the simulation's. */
export default ingestProject("guarantees", { testTimeout: 20_000 });
