import { NO_ARCHIVE } from "#ops/archive-api.ts";
import { errorResponse } from "../http/error.ts";

/** The answer of every route of the archive in an environment that has none. */
export const noArchive = (): Response => errorResponse("unavailable", NO_ARCHIVE);
