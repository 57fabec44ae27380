import * as z from "zod";
import { parseJson } from "./parse-json.ts";

/** A schema for text that is JSON, which is parsed and validated by `shape`. */
export function jsonText<T extends z.ZodType>(shape: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      const json = parseJson(text);
      if (json !== undefined) return json;
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    })
    .pipe(shape);
}
