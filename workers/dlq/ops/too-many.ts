import { errorResponse } from "./http/error.ts";
import { MAX_SELECTED } from "./selection.ts";

/** Refuses a selection that is too large. */
export const tooMany = (what = `more than ${MAX_SELECTED} letters`): Response =>
  errorResponse(
    "too_many",
    `Nothing was done: the selection has ${what}. Narrow it down, for example by topic or by time.`,
  );
