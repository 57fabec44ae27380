import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { MAX_SELECTED } from "./selection.ts";

export const tooMany = (what = `more than ${MAX_SELECTED} letters`): Response =>
  errorResponse("too_many", `Nothing was done: the selection holds ${what}. Narrow it down, by topic or by time.`);
