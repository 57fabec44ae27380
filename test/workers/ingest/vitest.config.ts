import { ingestProject } from "../../support/ingest-project.ts";

export default ingestProject("workers/ingest");
