import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import { MAX_SELECTED } from "./selection.ts";

export const tooMany = (): Response =>
  errorResponse(
    "too_many",
    `Nothing was done: the selection holds more than ${MAX_SELECTED} letters. Narrow it down, by topic or by time.`,
  );
