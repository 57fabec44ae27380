import { builder } from "./builder.ts";

export const TimeRange = builder.inputType("TimeRange", {
  description: "A stretch of time; open where an end is absent.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", description: "Inclusive." }),
    to: t.field({ type: "DateTime", description: "Exclusive." }),
  }),
});
