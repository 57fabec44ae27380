import { parseTime } from "../../domain/time.ts";
import { builder } from "./builder.ts";

builder.scalarType("DateTime", {
  description:
    "A moment as RFC 3339 text with an offset, between the years 0 and 9999. We answer in UTC, with milliseconds or as many digits as the source gave.",
  serialize: (value) => value,
  parseValue: (value) => {
    const moment = typeof value === "string" ? parseTime(value) : undefined;
    // No GraphQLError: graphql-js adds to any other the value, and the place where it stands.
    if (moment === undefined)
      throw new TypeError("DateTime takes RFC 3339 text with an offset, as 2026-11-23T13:00:00Z");
    return moment;
  },
});

builder.scalarType("JSON", {
  description: "Any JSON value.",
  serialize: (value) => value,
  parseValue: (value) => value,
});
