import { builder } from "./builder.ts";

export const TimeRange = builder.inputType("TimeRange", {
  description: "An interval of time. An absent end is unbounded.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", description: "Inclusive." }),
    to: t.field({ type: "DateTime", description: "Exclusive." }),
  }),
});
