import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { ingestProject } from "../support/ingest-project.ts";

/** Real handlers, real D1, real device objects; the queues between them are the simulation's. */
export default ingestProject("guarantees", { bindings: { TOKEN_SECRET: LOCAL_TOKEN_SECRET }, testTimeout: 20_000 });
