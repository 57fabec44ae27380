import { parseTime } from "#domain/time.ts";
import { builder } from "./builder.ts";

/** Not scalars.graphql.org's DateTime, which has exactly three digits of a second: a source's own digits are kept. */
const RFC_3339 = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6";
const RFC_8259 = "https://www.rfc-editor.org/rfc/rfc8259";

builder.scalarType("DateTime", {
  specifiedByURL: RFC_3339,
  description:
    "An instant as RFC 3339 text with an offset, between the years 0 and 9999. Answers are in UTC, with milliseconds or as many digits as the source gave.",
  serialize: (value) => value,
  parseValue: (value) => {
    const moment = typeof value === "string" ? parseTime(value) : undefined;
    // Not a GraphQLError: graphql-js adds the value and its position to any other error.
    if (moment === undefined)
      throw new TypeError("a DateTime is RFC 3339 text with an offset, such as 2026-11-23T13:00:00Z");
    return moment;
  },
});

builder.scalarType("JSON", {
  specifiedByURL: RFC_8259,
  description: "Any JSON value.",
  serialize: (value) => value,
  parseValue: (value) => value,
});
